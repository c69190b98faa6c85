"""Cut-outs: pictures of single things with an alpha channel, several poses of one thing."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import cv2
import numpy as np
import torch
from torch import Tensor

from .photos import read_folder

CANVAS = 96
# Mean side of a cut-out on its canvas, in px; long ones are shrunk to fit.
MEAN_SIDE = 40.0
_HULL_POINTS = 24
# A cut-out has to cover this share of its bounding box, and less than all of it.
_COVERED = (0.08, 0.995)
_MOST_POSES = 12


class Cutouts(NamedTuple):
    """Chosen cut-outs.

    Attributes:
        pixels: (B, 4, canvas, canvas) float, BGR and opacity, 0 to 255.
        hulls: (B, K, 2) points of the outline, from the canvas's middle, in px.
    """

    pixels: Tensor
    hulls: Tensor


class CutoutStore:
    """Cut-outs on canvases of one size, by thing and by kind, on one device.

    ``<kind>/<thing>.png`` and ``<kind>/<thing>-<pose>.png``, or WebP with alpha, are poses of one
    thing. Things in the same folder are of a kind, and stand beside each other as distractors.

    Raises:
        FileNotFoundError: If the folder holds no image.
        ValueError: If fewer cut-outs than ``least`` can be used.
    """

    def __init__(
        self, folder: Union[str, Path], device: Union[str, torch.device] = 'cpu', least: int = 8
    ) -> None:
        pixels: List[np.ndarray] = []
        hulls: List[np.ndarray] = []
        things: Dict[Tuple[str, str], List[int]] = defaultdict(list)

        def take(path: Path, image: np.ndarray) -> Optional[bool]:
            thing = (str(path.parent), re.split('-', path.stem)[0])
            if len(things.get(thing, [])) >= _MOST_POSES:
                return None
            found = _on_canvas(image)
            if found is None:
                return False
            things[thing].append(len(pixels))
            pixels.append(found[0])
            hulls.append(found[1])
            return True

        needed = (
            'images with an alpha channel that is neither empty nor full are needed. Add some, or '
            'give another cutout_root'
        )
        self.report = read_folder(folder, cv2.IMREAD_UNCHANGED, take, least, needed)
        self.pixels = torch.from_numpy(np.stack(pixels)).to(device)  # (N, 4, canvas, canvas)
        self.hulls = torch.from_numpy(np.stack(hulls)).to(device)
        self.things = list(things.values())
        kinds: Dict[str, List[int]] = defaultdict(list)
        for number, (kind, _) in enumerate(things):
            kinds[kind].append(number)
        self.kinds = list(kinds.values())
        self._kind_of = {thing: kind for kind in self.kinds for thing in kind}

    def __len__(self) -> int:
        return len(self.pixels)

    def draw_things(self, number: int, rng: torch.Generator) -> List[int]:
        """Numbers of random things."""
        draws = torch.rand(number, generator=rng, device=rng.device).tolist()
        return [int(draw * len(self.things)) for draw in draws]

    def draw_relatives(self, things: Sequence[int], rng: torch.Generator) -> List[int]:
        """For each thing the number of another of its kind, or of itself where it is alone."""
        draws = torch.rand(len(things), generator=rng, device=rng.device).tolist()
        kinds = [self._kind_of[thing] for thing in things]
        return [kind[int(draw * len(kind))] for kind, draw in zip(kinds, draws)]

    def poses(self, things: Sequence[int], rng: torch.Generator) -> Cutouts:
        """A random pose of each thing."""
        draws = torch.rand(len(things), generator=rng, device=rng.device).tolist()
        chosen = [
            self.things[thing][int(draw * len(self.things[thing]))]
            for thing, draw in zip(things, draws)
        ]
        return Cutouts(self.pixels[chosen].float(), self.hulls[chosen])


def _on_canvas(image: np.ndarray) -> Optional[Tuple[np.ndarray, np.ndarray]]:
    """A cut-out scaled onto the canvas (4, canvas, canvas), and its hull; None for no cut-out."""
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
    # A square around the box; what is faint beyond it, such as a cast shadow, stays.
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
    """Colours of (H, W, 4), continued beyond the outline so that edges do not darken."""
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
