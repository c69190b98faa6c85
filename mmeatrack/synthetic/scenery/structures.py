"""Buildings seen from above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List

import numpy as np

from ..sprites.drawing import Colour, bgr, fill_polygon, shade, stroke, vary
from .ground import Ground, rectangle, rotated

PITCHED: List[Colour] = [
    (156, 90, 66), (140, 78, 60), (98, 100, 108), (112, 88, 72), (126, 112, 100), (82, 78, 80),
]  # fmt: skip
FLAT: List[Colour] = [
    (178, 176, 170), (146, 146, 146), (200, 198, 192), (122, 120, 118), (164, 152, 138),
]  # fmt: skip


@dataclass(frozen=True)
class Building:
    """Box-shaped building.

    Attributes:
        centre: Middle of its footprint (2,) in world pixels.
        length: Longer side in metres.
        width: Shorter side in metres.
        angle: Direction of the longer side in radians.
        height: Height of the eaves in metres.
        pitched: Whether the roof has a ridge.
    """

    centre: np.ndarray
    length: float
    width: float
    angle: float
    height: float
    pitched: bool

    def outline(self, scale: float, extra: float = 0.0) -> np.ndarray:
        """Corners (4, 2) in world pixels, ``extra`` metres wider all round."""
        length, width = self.length + 2 * extra, self.width + 2 * extra
        return rectangle(length * scale, width * scale, self.angle, self.centre)


def place(ground: Ground, building: Building, spacing: float = 2.0) -> bool:
    """Reserve the building's ground and cast its shadow, if there is room."""
    if not ground.is_free(building.outline(ground.scale, spacing)):
        return False
    ground.reserve(building.outline(ground.scale, spacing * 0.6))
    ground.cast(building.outline(ground.scale), building.height)
    return True


def paint(ground: Ground, rng: np.random.Generator, building: Building, lean: np.ndarray) -> None:
    """Draw walls and roof.

    Args:
        ground: The map.
        rng: Random generator.
        building: The building.
        lean: Displacement (2,) in world pixels of a point one metre up, as the camera does not
            look straight down.
    """
    base = building.outline(ground.scale)
    top = base + lean * building.height
    wall = vary(rng, (176, 166, 152), 14)
    sun = np.array(ground.sun.direction)
    for first in range(4):
        second = (first + 1) % 4
        edge = base[second] - base[first]
        normal = np.array([edge[1], -edge[0]]) / max(float(np.linalg.norm(edge)), 1e-6)
        light = 0.72 + 0.3 * float(-normal @ sun)
        quad = np.stack([base[first], base[second], top[second], top[first]])
        fill_polygon(ground.bgr, quad, bgr(shade(wall, light)))
    if building.pitched:
        _pitched_roof(ground, rng, building, top)
    else:
        _flat_roof(ground, rng, building, top)


def _pitched_roof(
    ground: Ground, rng: np.random.Generator, building: Building, top: np.ndarray
) -> None:
    colour = vary(rng, PITCHED[int(rng.integers(len(PITCHED)))], 7)
    hip = building.width * ground.scale * 0.5 * (rng.random() < 0.5)
    along = np.array([np.cos(building.angle), np.sin(building.angle)])
    start = (top[0] + top[3]) / 2 + along * hip
    end = (top[1] + top[2]) / 2 - along * hip
    faces = [
        np.stack([top[0], top[1], end, start]),
        np.stack([top[1], top[2], end]),
        np.stack([top[2], top[3], start, end]),
        np.stack([top[3], top[0], start]),
    ]
    middle = top.mean(0)
    for number, face in enumerate(faces):
        out = face[:2].mean(0) - middle
        out = out / max(float(np.linalg.norm(out)), 1e-6)
        light = 1.0 - 0.26 * float(out @ np.array(ground.sun.direction))
        fill_polygon(ground.bgr, face, bgr(shade(colour, light)))
        if number % 2 == 0:
            _tile_rows(ground, face, shade(colour, light * 0.9))
    stroke(ground.bgr, np.stack([start, end]), bgr(shade(colour, 1.22)), 0.25 * ground.scale)
    if rng.random() < 0.6:
        spot = start + (end - start) * rng.uniform(0.2, 0.8)
        stack = rectangle(0.8 * ground.scale, 0.8 * ground.scale, building.angle, spot)
        fill_polygon(
            ground.bgr, stack + ground.sun.shift(0.9 * ground.scale), bgr(shade(colour, 0.5))
        )
        fill_polygon(ground.bgr, stack, bgr((124, 92, 80)))
    if rng.random() < 0.25:
        _panels(ground, faces[0 if rng.random() < 0.5 else 2], building.angle)


def _tile_rows(ground: Ground, face: np.ndarray, colour: Colour) -> None:
    """Faint lines parallel to the eaves."""
    slope = float(np.linalg.norm(face[3] - face[0]))
    count = int(np.clip(slope / max(0.5 * ground.scale, 3.0), 2, 14))
    for share in np.linspace(0, 1, count + 1)[1:-1]:
        ends = np.stack(
            [face[0] + (face[3] - face[0]) * share, face[1] + (face[2] - face[1]) * share]
        )
        stroke(ground.bgr, ends, bgr(colour), 1)


def _panels(ground: Ground, face: np.ndarray, angle: float) -> None:
    """Solar panels on a roof face."""
    middle = face.mean(0)
    along = np.array([np.cos(angle), np.sin(angle)]) * ground.scale
    for shift in (-1.9, 0.0, 1.9):
        panel = rectangle(1.7 * ground.scale, 1.4 * ground.scale, angle, middle + along * shift)
        fill_polygon(ground.bgr, panel, bgr((38, 46, 72)))
        stroke(ground.bgr, panel, bgr((120, 126, 140)), 1, closed=True)


def _flat_roof(
    ground: Ground, rng: np.random.Generator, building: Building, top: np.ndarray
) -> None:
    colour = vary(rng, FLAT[int(rng.integers(len(FLAT)))], 7)
    middle = top.mean(0)
    fill_polygon(ground.bgr, top, bgr(shade(colour, 1.14)))
    inner = middle + (top - middle) * (1 - 0.8 / building.width)
    # The parapet's own shadow lies on the roof.
    fill_polygon(ground.bgr, inner, bgr(shade(colour, 0.62)))
    lit = inner + ground.sun.shift(0.45 * ground.scale)
    _fill_within(ground, lit, inner, shade(colour, 0.98))
    for _ in range(int(rng.integers(2, 7))):
        place_ = rng.uniform(-0.36, 0.36, 2) * (building.length, building.width)
        spot = rotated(place_[None] * ground.scale, building.angle, middle)[0]
        size = rng.uniform(0.8, 2.4, 2) * ground.scale
        unit = rectangle(size[0], size[1], building.angle, spot)
        fill_polygon(
            ground.bgr, unit + ground.sun.shift(0.8 * ground.scale), bgr(shade(colour, 0.6))
        )
        fill_polygon(ground.bgr, unit, bgr(vary(rng, (186, 188, 190), 14)))
        fill_polygon(ground.bgr, spot + (unit - spot) * 0.6, bgr(vary(rng, (140, 144, 148), 14)))


def _fill_within(ground: Ground, polygon: np.ndarray, limit: np.ndarray, colour: Colour) -> None:
    """Fill the part of a polygon inside another one."""
    low = np.floor(np.maximum(limit.min(0), 0)).astype(int)
    high = np.ceil(np.minimum(limit.max(0) + 1, ground.size)).astype(int)
    if (high <= low).any():
        return
    masks = []
    for shape in (polygon, limit):
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        fill_polygon(mask, shape - low, (255,))
        masks.append(mask)
    part = ground.bgr[low[1] : high[1], low[0] : high[0]]
    part[np.minimum(*masks) > 127] = bgr(colour)
