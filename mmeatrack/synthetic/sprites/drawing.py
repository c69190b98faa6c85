"""Drawing board in metres for sprites seen from above."""

from __future__ import annotations

from typing import Sequence, Tuple, Union

import cv2
import numpy as np

Colour = Tuple[float, float, float]
"""Red, green and blue, 0 to 255."""
Points = Union[Sequence[Tuple[float, float]], np.ndarray]

_SHIFT = 4


def bgr(colour: Colour) -> Tuple[int, int, int]:
    """A colour in OpenCV's channel order, clipped to bytes."""
    red, green, blue = (int(np.clip(round(channel), 0, 255)) for channel in colour)
    return blue, green, red


def shade(colour: Colour, factor: float) -> Colour:
    """The colour made lighter (factor above 1) or darker."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def vary(rng: np.random.Generator, colour: Colour, amount: float = 8.0) -> Colour:
    """The colour with random brightness and, half as strong, random hue."""
    common = rng.normal(0, amount)
    red, green, blue = (channel + common + rng.normal(0, amount / 2) for channel in colour)
    return red, green, blue


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blend of two colours; ``share`` is the weight of the second."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second))
    return red, green, blue


def fixed_point(points: np.ndarray) -> np.ndarray:
    """Pixel coordinates as OpenCV's fixed-point integers, for ``shift=4``."""
    return np.round(np.asarray(points, np.float64) * (1 << _SHIFT)).astype(np.int32)


def fill_polygon(image: np.ndarray, points: np.ndarray, colour: Sequence[float]) -> None:
    """Fill a polygon (K, 2) given in pixels, with smooth edges, in place."""
    cv2.fillPoly(image, [fixed_point(points)], tuple(colour), cv2.LINE_AA, _SHIFT)


def stroke(
    image: np.ndarray,
    points: np.ndarray,
    colour: Sequence[float],
    width: float,
    closed: bool = False,
) -> None:
    """Draw a line through points (K, 2) in pixels, at least 1 px wide, in place."""
    thickness = max(1, round(width))
    cv2.polylines(
        image, [fixed_point(points)], closed, tuple(colour), thickness, cv2.LINE_AA, _SHIFT
    )


def rounded_rectangle(length: float, width: float, power: float = 4.0) -> np.ndarray:
    """Rounded rectangle (superellipse) about the origin, (48, 2); power 2 is an ellipse."""
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    cos, sin = np.cos(t), np.sin(t)
    x = np.sign(cos) * np.abs(cos) ** (2 / power) * length / 2
    y = np.sign(sin) * np.abs(sin) ** (2 / power) * width / 2
    return np.stack([x, y], 1)


class Board:
    """Image with transparency of the area ``length`` (x, forward) by ``width`` about the origin.

    Args:
        length: Extent along x in metres.
        width: Extent along y in metres.
        resolution: Pixels per metre.
        ground: Colour of the empty board, which tints soft edges.
    """

    def __init__(self, length: float, width: float, resolution: float, ground: Colour) -> None:
        margin = 3
        self.resolution = resolution
        shape = (
            int(np.ceil(width * resolution)) + 2 * margin,
            int(np.ceil(length * resolution)) + 2 * margin,
        )
        self.colour = np.empty((*shape, 3), np.uint8)
        self.colour[...] = bgr(ground)
        self.alpha = np.zeros(shape, np.uint8)

    def _pixels(self, points: Points) -> np.ndarray:
        height, width = self.alpha.shape
        centre = np.array([width - 1, height - 1]) / 2
        return np.asarray(points, np.float64) * self.resolution + centre

    def cut(self, points: Points, opacity: int = 255) -> None:
        """Make a polygon opaque."""
        fill_polygon(self.alpha, self._pixels(points), (opacity,))

    def fill(self, points: Points, colour: Colour) -> None:
        """Paint a polygon; only its opaque part is visible."""
        fill_polygon(self.colour, self._pixels(points), bgr(colour))

    def solid(self, points: Points, colour: Colour) -> None:
        """Paint a polygon and make it opaque."""
        self.fill(points, colour)
        self.cut(points)

    def line(self, points: Points, colour: Colour, width: float, opaque: bool = False) -> None:
        """Paint a line of a width in metres."""
        pixels = self._pixels(points)
        stroke(self.colour, pixels, bgr(colour), width * self.resolution)
        if opaque:
            stroke(self.alpha, pixels, (255,), width * self.resolution)

    def rectangle(self, x: float, y: float, length: float, width: float, colour: Colour) -> None:
        """Paint an axis-aligned rectangle given by its centre."""
        dx, dy = length / 2, width / 2
        self.fill([(x - dx, y - dy), (x + dx, y - dy), (x + dx, y + dy), (x - dx, y + dy)], colour)

    def round_off(self, width: float, strength: float = 0.22) -> None:
        """Darken towards both sides, like a body curved across its width."""
        rows = np.arange(self.alpha.shape[0]) - (self.alpha.shape[0] - 1) / 2
        across = np.clip(np.abs(rows) / (width * self.resolution / 2), 0, 1)
        profile = 1 + strength * (0.35 - across**3)
        lit = self.colour.astype(np.float32) * profile[:, None, None].astype(np.float32)
        self.colour = np.clip(lit, 0, 255).astype(np.uint8)

    def texture(self, tone: np.ndarray) -> None:
        """Multiply the colours by 1 + tone, float (H, W)."""
        lit = self.colour.astype(np.float32) * (1 + tone[..., None])
        self.colour = np.clip(lit, 0, 255).astype(np.uint8)

    def picture(self) -> np.ndarray:
        """The finished image, uint8 (H, W, 4), BGR and alpha."""
        return np.dstack([self.colour, self.alpha])
