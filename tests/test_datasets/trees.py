"""Small folders in the layouts of the benchmarks."""

from pathlib import Path
from typing import Any, Sequence, Union

import cv2
import numpy as np

from mmeatrack.datasets import UAVSOTDataset
from mmeatrack.files.sequence_infos import SequenceRange


def sot_dataset(root: Path, **kwargs: Any) -> UAVSOTDataset:
    """Dataset for tests; serialising would take a second of garbage collection."""
    settings = dict(dict(test_mode=True, serialize_data=False), **kwargs)
    return UAVSOTDataset(data_root=str(root), **settings)


def boxes_of(num_frames: int, start: Sequence[float] = (10, 20, 12, 8)) -> np.ndarray:
    """Boxes (num_frames, 4), x, y, w, h, that move by 1 px in x and half a pixel in y a frame."""
    boxes = np.tile(np.array(start, dtype=float), (num_frames, 1))
    boxes[:, 0] += np.arange(num_frames)
    boxes[:, 1] += 0.5 * np.arange(num_frames)
    return boxes


def write_boxes(path: Path, boxes: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(''.join(','.join(f'{v:g}' for v in row) + '\n' for row in boxes))


def touch_frames(folder: Path, names: Union[Sequence[str], Sequence[Path]]) -> None:
    """Make empty files: datasets list frames and do not open them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def write_frames(folder: Path, num_frames: int, size: Sequence[int] = (64, 48)) -> None:
    """Write images of noise, ``00001.jpg`` and so on; ``size`` is width and height."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3)).astype(np.uint8)
    for i in range(num_frames):
        cv2.imwrite(str(folder / f'{i + 1:05d}.jpg'), np.roll(noise, i, axis=1))


def write_dtb70_sequence(root: Path, name: str, boxes: np.ndarray, images: bool = False) -> Path:
    """Write ``<root>/<name>`` in DTB70's layout, with empty image files unless ``images``."""
    folder = root / name
    if images:
        write_frames(folder / 'img', len(boxes))
    else:
        touch_frames(folder / 'img', [f'{i + 1:05d}.jpg' for i in range(len(boxes))])
    write_boxes(folder / 'groundtruth_rect.txt', boxes)
    return folder


def write_uav123_sequence(root: Path, benchmark: str, sequence: SequenceRange) -> None:
    """Write the frames and the annotation of one of UAV123's sequences."""
    numbers = range(sequence.first, sequence.last + 1)
    frames = root / 'data_seq' / benchmark / sequence.folder
    touch_frames(frames, [f'{number:06d}.jpg' for number in numbers])
    write_boxes(root / 'anno' / benchmark / f'{sequence.name}.txt', boxes_of(len(numbers)))
