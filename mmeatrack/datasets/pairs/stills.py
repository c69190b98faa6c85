"""Photographs and cut-outs in memory.

Photographs are pyramids from which windows of one size are cut. Cut-outs are pictures of single
things with an alpha channel, with several poses per thing.
"""

import logging
from collections import defaultdict
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, TypeVar, Union

import cv2
import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor

T = TypeVar('T')

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.webp', '.bmp')
# Photographs with a shorter side are left out; others are enlarged to a window's side.
LEAST_SIDE = 96
LONGEST_SIDE = 1024  # larger photographs are reduced, px
WINDOW = 256  # side of the windows, px

CANVAS = 96  # side of a cut-out's canvas, px
MEAN_SIDE = 40.0  # of a cut-out on its canvas, px; long ones are reduced to fit
_COVERED = (0.08, 0.995)  # limits to the share of its bounding box that a cut-out covers
_HULL_POINTS = 24
_MOST_POSES = 12


def _load_images(
    folder: Union[str, Path],
    flags: int,
    convert: Callable[[np.ndarray], Optional[T]],
    needed: str,
    least: int = 8,
) -> Tuple[Dict[Path, T], str]:
    """Load and convert the images of a folder and its subfolders; ``convert`` omits unfit ones.

    Returns the results by path, in order, and a report. FileNotFoundError if there is no image,
    ValueError if fewer than ``least`` are usable.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f'{root}: no such folder. Give a folder of images.')
    paths = sorted(path for path in root.rglob('*') if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        raise FileNotFoundError(
            f'{root}: no image in this folder or below it ({", ".join(IMAGE_SUFFIXES)}).'
        )
    converted: Dict[Path, T] = {}
    problems: Dict[str, List[str]] = dict(unreadable=[], unfit=[])
    for path in paths:
        content = np.fromfile(path, np.uint8)
        image = cv2.imdecode(content, flags) if content.size else None
        result = None if image is None else convert(image)
        if result is not None:
            converted[path] = result
        else:
            problems['unreadable' if image is None else 'unfit'].append(path.name)
    report = f'{len(converted)} usable images'
    for problem, names in problems.items():
        if names:
            report += f', {len(names)} {problem} ({", ".join(names[:3])})'
    print_log(f'{folder}: {report}', 'current', level=logging.INFO)
    if len(converted) < least:
        raise ValueError(f'{folder}: {report}, but at least {least} {needed}.')
    return converted, report


class PhotoStore:
    """Photographs of a folder and its subfolders as uint8 pyramids (3, H, W), BGR, on one device.

    FileNotFoundError if the folder holds no image, ValueError if fewer than eight are usable.
    """

    def __init__(self, folder: Union[str, Path], device: Union[str, torch.device] = 'cpu') -> None:
        def convert(image: np.ndarray) -> Optional[List[Tensor]]:
            if min(image.shape[:2]) < LEAST_SIDE:
                return None
            return [torch.from_numpy(each).to(device) for each in _pyramid(image)]

        needed = (
            f'photographs with sides of {LEAST_SIDE} px or more are needed. Add some, or give '
            'another photo_root'
        )
        found, self.report = _load_images(folder, cv2.IMREAD_COLOR, convert, needed)
        self.pyramids = list(found.values())

    def windows(self, number: int, rng: torch.Generator) -> Tensor:
        """Cut windows of random photographs, levels and places: (number, 3, 256, 256) float."""
        draws = torch.rand(number, 4, generator=rng, device=rng.device).tolist()
        windows = []
        for photo, level, across, down in draws:
            levels = self.pyramids[int(photo * len(self.pyramids))]
            image = levels[int(level * len(levels))]
            top = int(down * (image.shape[1] - WINDOW + 1))
            left = int(across * (image.shape[2] - WINDOW + 1))
            windows.append(image[:, top : top + WINDOW, left : left + WINDOW])
        return torch.stack(windows).float()


def _pyramid(image: np.ndarray) -> List[np.ndarray]:
    """Halve an image (H, W, 3) repeatedly, down to a window's side; levels are (3, H, W)."""
    height, width = image.shape[:2]
    factor = max(min(1.0, LONGEST_SIDE / max(height, width)), WINDOW / min(height, width))
    size = max(round(width * factor), WINDOW), max(round(height * factor), WINDOW)
    levels = []
    while True:
        if size != (image.shape[1], image.shape[0]):
            method = cv2.INTER_AREA if size[0] < image.shape[1] else cv2.INTER_LINEAR
            image = cv2.resize(image, size, interpolation=method)
        levels.append(np.ascontiguousarray(image.transpose(2, 0, 1)))
        if min(size) < 2 * WINDOW:
            return levels
        size = size[0] // 2, size[1] // 2


class Cutouts(NamedTuple):
    """A batch of cut-outs.

    Attributes:
        pixels: (B, 4, canvas, canvas) float, BGR and opacity, 0 to 255.
        hulls: (B, K, 2) points of the outline, from the canvas's middle, in px.
    """

    pixels: Tensor
    hulls: Tensor


class CutoutStore:
    """Cut-outs on canvases of one size, by thing and by kind, on one device.

    ``<kind>/<thing>.png`` and ``<kind>/<thing>-<pose>.png``, or WebP with alpha, are poses of one
    thing. Things in the same folder are of one kind, and serve as distractors for each other.
    FileNotFoundError if the folder holds no image, ValueError if fewer than ``least`` are usable.
    """

    def __init__(
        self, folder: Union[str, Path], device: Union[str, torch.device] = 'cpu', least: int = 8
    ) -> None:
        needed = (
            'images with an alpha channel that is neither empty nor full are needed. Add some, or '
            'give another cutout_root'
        )
        found, self.report = _load_images(folder, cv2.IMREAD_UNCHANGED, _on_canvas, needed, least)
        things: Dict[Tuple[Path, str], List[int]] = defaultdict(list)
        kept: List[Tuple[np.ndarray, np.ndarray]] = []
        for path, cutout in found.items():
            poses = things[path.parent, path.stem.split('-')[0]]
            if len(poses) < _MOST_POSES:
                poses.append(len(kept))
                kept.append(cutout)
        self.things = list(things.values())
        kinds: Dict[Path, List[int]] = defaultdict(list)
        for number, (kind, _) in enumerate(things):
            kinds[kind].append(number)
        self.kinds = list(kinds.values())
        self._kind_of = {thing: kind for kind in self.kinds for thing in kind}
        pixels, hulls = zip(*kept)
        self.pixels = torch.from_numpy(np.stack(pixels)).to(device)  # (N, 4, canvas, canvas)
        self.hulls = torch.from_numpy(np.stack(hulls)).to(device)

    def __len__(self) -> int:
        return len(self.pixels)

    def draw_things(self, number: int, rng: torch.Generator) -> List[int]:
        """Draw the numbers of random things."""
        return _draw([range(len(self.things))] * number, rng)

    def draw_relatives(self, things: Sequence[int], rng: torch.Generator) -> List[int]:
        """Draw for each thing another of its kind, perhaps itself."""
        return _draw([self._kind_of[thing] for thing in things], rng)

    def poses(self, things: Sequence[int], rng: torch.Generator) -> Cutouts:
        """Draw a random pose of each thing."""
        chosen = _draw([self.things[thing] for thing in things], rng)
        return Cutouts(self.pixels[chosen].float(), self.hulls[chosen])


def _draw(choices: Sequence[Sequence[int]], rng: torch.Generator) -> List[int]:
    """Draw one of each sequence of choices."""
    draws = torch.rand(len(choices), generator=rng, device=rng.device).tolist()
    return [each[int(draw * len(each))] for each, draw in zip(choices, draws)]


def _on_canvas(image: np.ndarray) -> Optional[Tuple[np.ndarray, np.ndarray]]:
    """Scale a cut-out onto the canvas (4, canvas, canvas), with its hull; None if it is unfit."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 4:
        return None
    opaque = np.argwhere(image[..., 3] > 127)
    if len(opaque) < 40:
        return None
    (top, left), (bottom, right) = opaque.min(0), opaque.max(0) + 1
    height, width = int(bottom - top), int(right - left)
    covered = len(opaque) / (height * width)
    if min(height, width) < 6 or not _COVERED[0] <= covered <= _COVERED[1]:
        return None
    scale = min(MEAN_SIDE / (height * width) ** 0.5, (CANVAS - 8) / max(height, width))
    # A square around the box, which keeps faint parts beyond it, such as a cast shadow.
    side = CANVAS / scale
    reach = int(side / 2) + 1
    square = np.pad(image, ((reach, reach), (reach, reach), (0, 0)))
    corner = [
        round((low + high - side) / 2) + reach for low, high in ((top, bottom), (left, right))
    ]
    cut = square[tuple(slice(first, first + round(side)) for first in corner)].astype(np.float32)
    cut[..., :3] *= cut[..., 3:] / 255
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = cv2.resize(cut, (CANVAS, CANVAS), interpolation=method)
    alpha = canvas[..., 3:]
    canvas[..., :3] = np.where(alpha > 1, canvas[..., :3] * 255 / np.maximum(alpha, 1), 0)
    canvas[..., :3] = _bleed(canvas)
    pixels = np.clip(np.round(canvas), 0, 255).astype(np.uint8)
    hull = _hull(pixels[..., 3])
    return None if hull is None else (np.ascontiguousarray(pixels.transpose(2, 0, 1)), hull)


def _bleed(canvas: np.ndarray) -> np.ndarray:
    """Extend the colours of (H, W, 4) beyond the outline, so that edges do not darken."""
    weight = canvas[..., 3:] / 255
    near = cv2.GaussianBlur(np.dstack((canvas[..., :3] * weight, weight)), (0, 0), 2)
    around = near[..., :3] / np.maximum(near[..., 3:], 1e-3)
    return np.where(weight > 0.02, canvas[..., :3], around)


def _hull(alpha: np.ndarray) -> Optional[np.ndarray]:
    """Points (K, 2) of the outline's convex hull, from the canvas's middle."""
    points = np.argwhere(alpha > 127)[:, ::-1].astype(np.float32)
    if len(points) < 12:
        return None
    corners = np.concatenate(
        [points + step for step in ((-0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (0.5, -0.5))]
    )
    hull = cv2.convexHull(corners.astype(np.float32))[:, 0] - (CANVAS - 1) / 2
    keep = np.linspace(0, len(hull) - 1, _HULL_POINTS - 4).round().astype(int)
    extremes = [hull[:, 0].argmin(), hull[:, 0].argmax(), hull[:, 1].argmin(), hull[:, 1].argmax()]
    return hull[np.concatenate((keep, extremes))].astype(np.float32)
