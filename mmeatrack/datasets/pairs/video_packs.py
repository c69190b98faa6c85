"""Packs: patches around the targets of videos, for training pairs without decoding frames."""

import io
import logging
from pathlib import Path
from typing import Any, Iterable, List, NamedTuple, Tuple, Union

import cv2
import numpy as np
from mmengine.logging import print_log

from mmeatrack.files.atomic import write_atomically
from mmeatrack.structures.boxes import xywh_to_cxcywh

# Side of a patch in px, and over the target's mean side: what a jittered search crop may show.
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
    """A patch (S, S, 3) with its box, as in a :class:`Pack`, its video and frame."""

    patch: np.ndarray
    box: np.ndarray
    video: int
    frame: int


def cut_patch(image: np.ndarray, box_xywh: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Patch (S, S, 3) around a box (4,), x, y, w, h in image px, black beyond the image (H, W, 3).

    Also the box in it (4,), centre and size in patch px. 0 is the corner of image and patch.

    Raises:
        ValueError: If a side of the box is not above 0.
    """
    cx, cy, w, h = xywh_to_cxcywh([float(value) for value in box_xywh])
    if not (w > 0 and h > 0):
        raise ValueError(f'the box x,y,w,h = {list(box_xywh)} is empty: leave this frame out.')
    scale = PATCH_SIZE / max((w * h) ** 0.5 * PATCH_FACTOR, _LEAST_SIDE * PATCH_FACTOR)
    # Whole numbers are pixel centres here.
    shift = [PATCH_SIZE / 2 - 0.5 - scale * (value - 0.5) for value in (cx, cy)]
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    if scale < 0.75:
        image = cv2.GaussianBlur(image, (0, 0), 0.4 / scale)
    patch = cv2.warpAffine(image, matrix, (PATCH_SIZE, PATCH_SIZE), flags=cv2.INTER_LINEAR)
    middle = PATCH_SIZE / 2
    return patch, np.array([middle, middle, w * scale, h * scale], np.float32)


def pack_dataset(dataset: Any, frames_each: int) -> Pack:
    """Pack visible frames of a single-object tracking dataset in training mode, mmtrack's or ours.

    Of each video ``frames_each`` are taken evenly. ValueError if no video has two visible frames.
    """
    return stack_patches(_dataset_patches(dataset, frames_each))


def _dataset_patches(dataset: Any, frames_each: int) -> Iterable[FramePatch]:
    from mmeatrack.datasets.transforms import LoadFrame

    load = LoadFrame()
    for video in range(dataset.num_videos if hasattr(dataset, 'num_videos') else len(dataset)):
        boxes = dataset.get_bboxes_from_video(video)
        visible = np.flatnonzero(_visible(dataset, video, boxes))
        if len(visible) < 2:
            continue
        paths = dataset.get_img_infos_from_video(video)['img_paths']
        steps = np.linspace(0, len(visible) - 1, min(frames_each, len(visible)))
        for frame in visible[np.unique(steps.round().astype(int))]:
            image = load.transform(dict(img_path=paths[frame]))['img']
            patch, box = cut_patch(image, boxes[frame])
            yield FramePatch(patch, box, video, int(frame))


def _visible(dataset: Any, video: int, boxes: np.ndarray) -> np.ndarray:
    found = dataset.get_visibility_from_video(video)['visible']
    sized = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)
    return np.asarray(found, bool)[: len(boxes)] & sized


def stack_patches(patches: Iterable[FramePatch]) -> Pack:
    """One pack of patches that come sorted by video and frame.

    Raises:
        ValueError: If there are none.
    """
    parts = list(patches)
    if not parts:
        raise ValueError('there is nothing to pack: no video has two frames with its target.')
    return Pack(
        np.stack([part.patch for part in parts]),
        np.stack([part.box for part in parts]),
        np.array([part.video for part in parts]),
        np.array([part.frame for part in parts]),
    )


def write_pack(pack: Pack, folder: Union[str, Path], name: str) -> None:
    """Write ``<name>_img.npy`` and ``<name>_ann.npz`` into a folder, which is made when missing."""
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    notes, patches = io.BytesIO(), io.BytesIO()
    np.savez(notes, boxes=pack.boxes, video=pack.videos, frame=pack.frames)
    np.save(patches, pack.patches)
    write_atomically(root / f'{name}_ann.npz', notes.getvalue())
    write_atomically(root / f'{name}_img.npy', patches.getvalue())


def read_packs(folder: Union[str, Path]) -> List[Pack]:
    """Packs of a folder, their patches as memory maps.

    Raises:
        FileNotFoundError: If there is none.
    """
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
