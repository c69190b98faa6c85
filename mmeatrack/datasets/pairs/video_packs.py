"""Packs: patches around the targets of videos, for training pairs without decoding frames."""

import io
import logging
from pathlib import Path
from typing import Any, Iterable, List, NamedTuple, Tuple, Union

import cv2
import numpy as np
from mmengine.logging import print_log

from mmeatrack.datasets.transforms import LoadFrame
from mmeatrack.files.atomic import write_atomically
from mmeatrack.structures.boxes import xywh_to_cxcywh

# Side of a patch in px, and over the target's mean side: it contains any jittered search crop.
PATCH_SIZE, PATCH_FACTOR = 224, 7.0
_LEAST_SIDE = 2.0


class Pack(NamedTuple):
    """Patches around the targets of some videos, sorted by video and frame.

    Attributes:
        patches: (N, S, S, 3) uint8, BGR; an array or a memory map.
        boxes: (N, 4) the target, centre and size in patch px, 0 at the patch's corner.
        videos: (N,) number of the video.
        frames: (N,) number of the frame in it.
    """

    patches: np.ndarray
    boxes: np.ndarray
    videos: np.ndarray
    frames: np.ndarray


class FramePatch(NamedTuple):
    """One row of a :class:`Pack`."""

    patch: np.ndarray
    box: np.ndarray
    video: int
    frame: int


def cut_patch(image: np.ndarray, box_xywh: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Cut a patch (S, S, 3) around a box (4,), x, y, w, h in image px; black beyond the image.

    Returns the patch and the box in it (4,), centre and size in patch px. 0 is the corner of the
    image (H, W, 3) and of the patch. ValueError if the box is empty.
    """
    cx, cy, w, h = xywh_to_cxcywh([float(value) for value in box_xywh])
    if not (w > 0 and h > 0):
        raise ValueError(f'the box x,y,w,h = {list(box_xywh)} is empty: leave this frame out.')
    scale = PATCH_SIZE / max((w * h) ** 0.5 * PATCH_FACTOR, _LEAST_SIDE * PATCH_FACTOR)
    # warpAffine has pixel centres at integers.
    shift = [PATCH_SIZE / 2 - 0.5 - scale * (value - 0.5) for value in (cx, cy)]
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    if scale < 0.75:
        image = cv2.GaussianBlur(image, (0, 0), 0.4 / scale)
    patch = cv2.warpAffine(image, matrix, (PATCH_SIZE, PATCH_SIZE), flags=cv2.INTER_LINEAR)
    middle = PATCH_SIZE / 2
    return patch, np.array([middle, middle, w * scale, h * scale], np.float32)


def pack_dataset(dataset: Any, frames_each: int) -> Pack:
    """Pack visible frames of a single-object tracking dataset in training mode.

    The dataset is mmtrack's or one of this package. From each video, up to ``frames_each`` evenly
    spaced frames are taken. ValueError if no video has two visible frames.
    """
    load, patches = LoadFrame(), []
    for video in range(dataset.num_videos if hasattr(dataset, 'num_videos') else len(dataset)):
        boxes = dataset.get_bboxes_from_video(video)
        shown = np.asarray(dataset.get_visibility_from_video(video)['visible'], bool)[: len(boxes)]
        sized = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)
        visible = np.flatnonzero(shown & sized)
        if len(visible) < 2:
            continue
        paths = dataset.get_img_infos_from_video(video)['img_paths']
        steps = np.linspace(0, len(visible) - 1, min(frames_each, len(visible)))
        for frame in visible[np.unique(steps.round().astype(int))]:
            image = load.transform(dict(img_path=paths[frame]))['img']
            patches.append(FramePatch(*cut_patch(image, boxes[frame]), video, int(frame)))
    return stack_patches(patches)


def stack_patches(patches: Iterable[FramePatch]) -> Pack:
    """Stack patches that are sorted by video and frame; ValueError if there are none."""
    columns = list(zip(*patches))
    if not columns:
        raise ValueError('there is nothing to pack: no video has two frames with its target.')
    return Pack(*map(np.stack, columns))


def write_pack(pack: Pack, folder: Union[str, Path], name: str) -> None:
    """Write ``<name>_img.npy`` and ``<name>_ann.npz`` into a folder."""
    notes, patches = io.BytesIO(), io.BytesIO()
    np.savez(notes, boxes=pack.boxes, video=pack.videos, frame=pack.frames)
    np.save(patches, pack.patches)
    write_atomically(Path(folder) / f'{name}_ann.npz', notes.getvalue())
    write_atomically(Path(folder) / f'{name}_img.npy', patches.getvalue())


def read_packs(folder: Union[str, Path]) -> List[Pack]:
    """Read the packs of a folder, with their patches as memory maps; FileNotFoundError if none."""
    packs = []
    for path in sorted(Path(folder).glob('*_img.npy')):
        notes = np.load(str(path).replace('_img.npy', '_ann.npz'))
        patches = np.load(path, mmap_mode='r')
        packs.append(Pack(patches, notes['boxes'], notes['video'], notes['frame']))
    if not packs:
        raise FileNotFoundError(
            f'{folder}: no pack (<name>_img.npy, <name>_ann.npz) in it. '
            'tools/lab/pack_synthetic.py writes some.'
        )
    count = sum(len(pack.boxes) for pack in packs)
    print_log(f'{folder}: {count} patches in {len(packs)} packs', 'current', level=logging.INFO)
    return packs
