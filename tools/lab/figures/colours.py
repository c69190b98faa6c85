"""Palettes of muted colours, and patterns."""

from typing import Dict, Sequence, Tuple

import numpy as np

from .solids import Colour, Paint

Palette = Dict[Tuple[int, ...], float]


def palette(words: str) -> Palette:
    """Weights of colours (red, green, blue from 0 to 255) from words ``rrggbb:weight``."""
    pairs = (word.split(':') for word in words.split())
    return {tuple(bytes.fromhex(colour)): float(weight) for colour, weight in pairs}


CLOTHES = palette(
    '1c1c20:5 3a3c42:3 6e7074:2 aaacac:2 e1e0dc:3 1e2846:4 3e5278:4 6e8caa:2 8c1e24:2 be322d:1.5 '
    '6e2c3c:1 465a3c:1.5 326e50:1 968764:2 604834:2 cdb482:1 d2aa32:0.8 dc6e28:0.8 c88296:0.8 '
    '5a3c6e:0.6 288c96:0.6 c8e628:0.5'
)
CARS = palette(
    'e4e4e2:5 1e1f22:4 5a5d62:4 a5a8ac:4 223460:2 8c181c:2 5a7896:1 3c4a3a:1 aa966e:1 d6a828:0.7 '
    'be501e:0.5'
)
SKINS = palette('e0b296:3 c69678:3 a07052:2 6e4a34:1.5 483024:1')
HAIRS = palette('181412:4 3c2a1e:4 785434:2 b08c58:1 969694:1')
DARK: Colour = (0.09, 0.085, 0.08)
STEEL: Colour = (0.48, 0.47, 0.46)
PALE: Colour = (0.85, 0.87, 0.87)
GLASS: Colour = (0.17, 0.14, 0.12)


def draw_colour(rng: np.random.Generator, table: Palette) -> Colour:
    """Random variation of a colour drawn from a palette."""
    weights = np.array(list(table.values()))
    red, green, blue = list(table)[int(rng.choice(len(table), p=weights / weights.sum()))]
    shade = rng.normal(1, 0.1)
    values = (np.array([blue, green, red]) * shade + rng.normal(0, 6, 3)) / 255
    values += rng.uniform(0.0, 0.4) * (values.mean() - values)
    first, second, third = values.clip(0.03, 0.97)
    return float(first), float(second), float(third)


def stripes(one: Colour, other: Colour, axis: int, period: float, share: float = 0.5) -> Paint:
    """Paint of bands across an axis of the figure."""

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        banded = (points[:, axis] / period) % 1 < share
        return np.where(banded[:, None], one, other)

    return paint


def windows(wall: Colour, pane: Colour, rise: float, pitch: float, share: float = 0.55) -> Paint:
    """Paint of windows on upright faces: ``rise`` per storey, ``pitch`` along the wall."""

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        upright = np.abs(normals[:, 2]) < 0.4
        along = np.where(np.abs(normals[:, 0]) > np.abs(normals[:, 1]), points[:, 1], points[:, 0])
        inside = ((points[:, 2] / rise) % 1 > 1 - share) & ((along / pitch) % 1 < share)
        return np.where((upright & inside)[:, None], pane, wall)

    return paint


def faces(side: Colour, top: Colour, limit: float = 0.7) -> Paint:
    """Paint of one colour on upward faces and another elsewhere."""

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return np.where((normals[:, 2] > limit)[:, None], top, side)

    return paint


def darker(colour: Sequence[float], factor: float) -> Colour:
    """The colour times a factor, clipped to 0 to 1."""
    blue, green, red = (min(max(value * factor, 0.0), 1.0) for value in colour)
    return blue, green, red
