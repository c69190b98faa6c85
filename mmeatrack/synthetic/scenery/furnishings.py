"""Small objects on the ground: parked vehicles, lots, pools, parasols, benches, jetties."""

from __future__ import annotations

from typing import List, Sequence

import numpy as np

from ..sprites.drawing import Colour, bgr, fill_polygon, rounded_rectangle, shade, stroke, vary
from ..sprites.sprite import Pose, Sprite, composite
from ..sprites.targets import make_target, random_paint
from .ground import Ground, rectangle, rotated

CLOTH: List[Colour] = [
    (206, 60, 50), (236, 232, 220), (50, 98, 160), (226, 180, 60), (90, 150, 120), (220, 120, 60),
]  # fmt: skip


class Fleet:
    """Vehicles drawn once and parked many times."""

    def __init__(
        self, rng: np.random.Generator, ground: Ground, kinds: Sequence[str], size: int
    ) -> None:
        self.ground = ground
        resolution = max(ground.scale, 6.0)
        self.sprites = []
        for _ in range(size):
            kind = kinds[int(rng.integers(len(kinds)))]
            self.sprites.append(make_target(rng, kind, resolution, random_paint(rng, kind)))
        self.waiting: List[tuple] = []

    def park(self, rng: np.random.Generator, spot: np.ndarray, angle: float) -> None:
        """Park a vehicle at a point and angle, and cast its shadow."""
        sprite = self.sprites[int(rng.integers(len(self.sprites)))]
        length, width = sprite.extent()
        scale = self.ground.scale
        self.ground.cast(
            rectangle(length * 0.94 * scale, width * 0.9 * scale, angle, spot), sprite.height * 0.8
        )
        self.waiting.append((sprite, spot, angle))

    def paint(self) -> None:
        """Draw all parked vehicles."""
        for sprite, spot, angle in self.waiting:
            put(self.ground, sprite, spot, angle)
        self.waiting = []


def put(ground: Ground, sprite: Sprite, spot: np.ndarray, angle: float) -> None:
    """Draw a sprite onto the map."""
    pose = Pose(float(spot[0]), float(spot[1]), angle, ground.scale)
    region = sprite.region(pose, ground.size)
    if region is not None:
        composite(ground.bgr, sprite.warp(pose, region), region)


def parking_lot(
    ground: Ground, rng: np.random.Generator, centre: np.ndarray, angle: float, fleet: Fleet
) -> bool:
    """Parking lot with two rows of stalls, mostly full, if there is room."""
    scale = ground.scale
    stalls = int(rng.integers(5, 13))
    length, depth, stall = stalls * 2.6 + 2, 17.0, 2.6
    area = rectangle(length * scale, depth * scale, angle, centre)
    if not ground.is_free(area):
        return False
    ground.reserve(area)
    fill_polygon(
        ground.bgr,
        rectangle((length + 0.8) * scale, (depth + 0.8) * scale, angle, centre),
        bgr(vary(rng, (176, 172, 164), 6)),
    )
    fill_polygon(ground.bgr, area, bgr(vary(rng, (112, 112, 113), 8)))
    for number in range(stalls + 1):
        x = (number - stalls / 2) * stall
        for side in (-1, 1):
            ends = np.array([[x, side * 3.4], [x, side * 8.3]]) * scale
            stroke(ground.bgr, rotated(ends, angle, centre), bgr((198, 197, 190)), 0.12 * scale)
            if number < stalls and rng.random() < 0.66:
                spot = np.array([[x + stall / 2, side * 5.8]]) * scale
                spot = rotated(spot + rng.normal(0, 0.12 * scale, 2), angle, centre)[0]
                turn = angle + np.pi / 2 * (1 if rng.random() < 0.5 else -1)
                fleet.park(rng, spot, turn + rng.normal(0, 0.03))
    return True


def pool(ground: Ground, rng: np.random.Generator, centre: np.ndarray, angle: float) -> bool:
    """Garden pool with a paved edge, if there is room."""
    scale = ground.scale
    length, width = rng.uniform(6, 9), rng.uniform(3, 4.5)
    area = rectangle((length + 2) * scale, (width + 2) * scale, angle, centre)
    if not ground.is_free(area):
        return False
    ground.reserve(area)
    fill_polygon(ground.bgr, area, bgr(vary(rng, (192, 182, 164), 8)))
    basin = rounded_rectangle(length * scale, width * scale, 5 if rng.random() < 0.6 else 2.4)
    blue = vary(rng, (84, 170, 190), 10)
    fill_polygon(ground.bgr, rotated(basin, angle, centre), bgr(shade(blue, 0.8)))
    fill_polygon(ground.bgr, rotated(basin * 0.9, angle, centre), bgr(blue))
    return True


def parasol(ground: Ground, rng: np.random.Generator, centre: np.ndarray) -> None:
    """Striped beach parasol between two towels."""
    scale = ground.scale
    radius = rng.uniform(1.1, 1.5) * scale
    colour = vary(rng, CLOTH[int(rng.integers(len(CLOTH)))], 10)
    angle = rng.uniform(0, np.pi)
    for side in (-1, 1):
        towel = rotated(np.array([[0.4 * scale, side * 1.5 * scale]]), angle, centre)[0]
        shape = rectangle(1.9 * scale, 0.85 * scale, angle, towel)
        fill_polygon(ground.bgr, shape, bgr(vary(rng, CLOTH[int(rng.integers(len(CLOTH)))], 14)))
    disc = rounded_rectangle(2 * radius, 2 * radius, 2)
    shadow = centre + ground.sun.shift(1.9 * scale)
    overlay = ground.bgr[_window(ground, shadow, radius)]
    if overlay.size:
        dark = (overlay * 0.62).astype(np.uint8)
        local = disc + shadow - _corner(shadow, radius)
        mask = np.zeros(overlay.shape[:2], np.uint8)
        fill_polygon(mask, local, (255,))
        overlay[mask > 127] = dark[mask > 127]
    fill_polygon(ground.bgr, disc + centre, bgr(colour))
    pale = (240, 236, 226)
    for number in range(4):
        t = angle + np.pi / 2 * number + np.array([0.0, 0.26, 0.52, 0.785])
        wedge = np.stack([np.cos(t), np.sin(t)], 1) * radius * 0.96
        fill_polygon(ground.bgr, np.concatenate([[centre], wedge + centre]), bgr(pale))


def _corner(centre: np.ndarray, radius: float) -> np.ndarray:
    return np.maximum(np.floor(centre - radius - 1), 0)


def _window(ground: Ground, centre: np.ndarray, radius: float) -> tuple:
    low = _corner(centre, radius).astype(int)
    high = np.maximum(np.minimum(np.ceil(centre + radius + 1), ground.size), 0).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def bench(ground: Ground, rng: np.random.Generator, centre: np.ndarray, angle: float) -> None:
    """Park bench with slats."""
    scale = ground.scale
    wood = vary(rng, (134, 98, 66), 10)
    for row in (-0.2, 0.0, 0.2):
        shift = rotated(np.array([[0.0, row * scale]]), angle, centre)[0]
        fill_polygon(
            ground.bgr,
            rectangle(1.8 * scale, 0.15 * scale, angle, shift),
            bgr(shade(wood, 1 + row)),
        )


def paving_grid(ground: Ground, rng: np.random.Generator, slab: float) -> None:
    """Joints between square slabs, ``slab`` metres wide, over the whole map, with darker bands."""
    reach = float(np.hypot(*ground.size)) / 2
    middle = np.array(ground.size) / 2
    angle = rng.uniform(0, np.pi / 2)
    step = slab * ground.scale
    overlay = ground.bgr.copy()
    count = int(reach / step)
    for number in range(-count, count + 1):
        band = number % 6 == 0
        colour = bgr((112, 106, 100) if band else (126, 122, 116))
        for turn in (0.0, np.pi / 2):
            ends = np.array([[-reach, number * step], [reach, number * step]])
            width = 0.5 * ground.scale if band else 1
            stroke(overlay, rotated(ends, angle + turn, middle), colour, width)
    ground.bgr = np.round(ground.bgr * 0.62 + overlay * 0.38).astype(np.uint8)


def planter(ground: Ground, rng: np.random.Generator, centre: np.ndarray, angle: float) -> bool:
    """Raised flower bed, if there is room."""
    scale = ground.scale
    length, width = rng.uniform(2.5, 6), rng.uniform(1.2, 2.4)
    area = rectangle(length * scale, width * scale, angle, centre)
    if not ground.is_free(area):
        return False
    ground.reserve(area)
    fill_polygon(ground.bgr, area, bgr(vary(rng, (150, 142, 132), 8)))
    inner = rectangle((length - 0.4) * scale, (width - 0.4) * scale, angle, centre)
    fill_polygon(ground.bgr, inner, bgr(vary(rng, (78, 84, 50), 8)))
    bloom = vary(rng, CLOTH[int(rng.integers(len(CLOTH)))], 12)
    for _ in range(int(10 * length)):
        local = rng.uniform(-0.5, 0.5, 2) * (length - 0.6, width - 0.6) * scale
        spot = rotated(local[None], angle, centre)[0]
        dot = rounded_rectangle(0.34 * scale, 0.34 * scale, 2)[::4] + spot
        leaf = rng.random() < 0.6
        fill_polygon(ground.bgr, dot, bgr(vary(rng, (70, 96, 48) if leaf else bloom, 14)))
    return True


def jetty(
    ground: Ground, rng: np.random.Generator, root: np.ndarray, angle: float, fleet: Fleet
) -> None:
    """Wooden jetty from the shore into the water, with boats moored along it."""
    scale = ground.scale
    length = rng.uniform(16, 30)
    centre = root + np.array([np.cos(angle), np.sin(angle)]) * length / 2 * scale
    wood = vary(rng, (150, 132, 108), 10)
    deck = rectangle(length * scale, 2.0 * scale, angle, centre)
    fill_polygon(ground.bgr, deck, bgr(wood))
    for x in np.arange(-length / 2, length / 2, 0.8):
        ends = rotated(np.array([[x, -1.0], [x, 1.0]]) * scale, angle, centre)
        stroke(ground.bgr, ends, bgr(shade(wood, 0.82)), 1)
    for x in np.arange(-length / 2 + 5, length / 2 - 1, 4.2):
        for side in (-1, 1):
            if rng.random() < 0.6:
                spot = rotated(np.array([[x, side * 5.4]]) * scale, angle, centre)[0]
                fleet.park(rng, spot, angle - side * np.pi / 2 + rng.normal(0, 0.05))
