"""Muted colours and patterns."""

from typing import Dict, Sequence, Tuple

import numpy as np

from .solids import Colour, Paint

# Red, green, blue, 0 to 255, and how often.
CLOTHES: Dict[Tuple[int, int, int], float] = {
    (28, 28, 32): 5,
    (58, 60, 66): 3,
    (110, 112, 116): 2,
    (170, 172, 172): 2,
    (225, 224, 220): 3,
    (30, 40, 70): 4,
    (62, 82, 120): 4,
    (110, 140, 170): 2,
    (140, 30, 36): 2,
    (190, 50, 45): 1.5,
    (110, 44, 60): 1,
    (70, 90, 60): 1.5,
    (50, 110, 80): 1,
    (150, 135, 100): 2,
    (96, 72, 52): 2,
    (205, 180, 130): 1,
    (210, 170, 50): 0.8,
    (220, 110, 40): 0.8,
    (200, 130, 150): 0.8,
    (90, 60, 110): 0.6,
    (40, 140, 150): 0.6,
    (200, 230, 40): 0.5,
}
CARS: Dict[Tuple[int, int, int], float] = {
    (228, 228, 226): 5,
    (30, 31, 34): 4,
    (90, 93, 98): 4,
    (165, 168, 172): 4,
    (34, 52, 96): 2,
    (140, 24, 28): 2,
    (90, 120, 150): 1,
    (60, 74, 58): 1,
    (170, 150, 110): 1,
    (214, 168, 40): 0.7,
    (190, 80, 30): 0.5,
}
SKINS: Dict[Tuple[int, int, int], float] = {
    (224, 178, 150): 3,
    (198, 150, 120): 3,
    (160, 112, 82): 2,
    (110, 74, 52): 1.5,
    (72, 48, 36): 1,
}
HAIRS: Dict[Tuple[int, int, int], float] = {
    (24, 20, 18): 4,
    (60, 42, 30): 4,
    (120, 84, 52): 2,
    (176, 140, 88): 1,
    (150, 150, 148): 1,
}
DARK: Colour = (0.09, 0.085, 0.08)
STEEL: Colour = (0.48, 0.47, 0.46)
PALE: Colour = (0.85, 0.87, 0.87)
GLASS: Colour = (0.17, 0.14, 0.12)


def draw_colour(rng: np.random.Generator, table: Dict[Tuple[int, int, int], float]) -> Colour:
    """A colour of a table, a little off."""
    weights = np.array(list(table.values()))
    red, green, blue = list(table)[int(rng.choice(len(table), p=weights / weights.sum()))]
    shade = rng.normal(1, 0.1)
    values = (np.array([blue, green, red]) * shade + rng.normal(0, 6, 3)) / 255
    values += rng.uniform(0.0, 0.4) * (values.mean() - values)
    first, second, third = values.clip(0.03, 0.97)
    return float(first), float(second), float(third)


def stripes(one: Colour, other: Colour, axis: int, period: float, share: float = 0.5) -> Paint:
    """Bands across an axis of the figure."""

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        banded = (points[:, axis] / period) % 1 < share
        return np.where(banded[:, None], one, other)

    return paint


def windows(wall: Colour, pane: Colour, rise: float, pitch: float, share: float = 0.55) -> Paint:
    """Rows of windows on upright faces: storeys of a height, and a pitch along the wall."""

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        upright = np.abs(normals[:, 2]) < 0.4
        along = np.where(np.abs(normals[:, 0]) > np.abs(normals[:, 1]), points[:, 1], points[:, 0])
        inside = ((points[:, 2] / rise) % 1 > 1 - share) & ((along / pitch) % 1 < share)
        return np.where((upright & inside)[:, None], pane, wall)

    return paint


def faces(side: Colour, top: Colour, limit: float = 0.7) -> Paint:
    """One colour for what faces up and another for the rest."""

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return np.where((normals[:, 2] > limit)[:, None], top, side)

    return paint


def darker(colour: Sequence[float], factor: float) -> Colour:
    """A colour times a factor."""
    blue, green, red = (min(max(value * factor, 0.0), 1.0) for value in colour)
    return blue, green, red
