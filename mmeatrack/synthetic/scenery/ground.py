"""Ground that a world is painted on: image, shadows and occupied areas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple

import cv2
import numpy as np

from ..sprites.drawing import fill_polygon

_COARSE = 4


@dataclass(frozen=True)
class Sun:
    """Sunlight of a scene, described by its shadows.

    Attributes:
        direction: Unit vector on the ground along which shadows fall.
        slope: Length of a shadow per unit of height.
        strength: Darkness of the shadows, 0 to 1.
    """

    direction: Tuple[float, float]
    slope: float
    strength: float

    def shift(self, height: float) -> np.ndarray:
        """Offset (2,) of a point's shadow, in the unit of the point's height."""
        return np.array(self.direction) * self.slope * height


def rotated(points: np.ndarray, angle: float, centre: np.ndarray) -> np.ndarray:
    """Points (K, 2) rotated by an angle in radians about the origin, then shifted."""
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]]) + centre


def rectangle(length: float, width: float, angle: float, centre: np.ndarray) -> np.ndarray:
    """Corners (4, 2) of a rotated rectangle."""
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array([length, width]) / 2
    return rotated(half, angle, centre)


class Ground:
    """World map under construction; all coordinates are world pixels.

    Attributes:
        bgr: Image, uint8 (H, W, 3).
        shade: Shadows, uint8 (H, W), 255 in full shadow.
        taken: Occupied areas (roads, water, objects) at a quarter of the size, uint8.
        scale: World pixels per metre.
        sun: Sunlight.
    """

    def __init__(self, size: Tuple[int, int], scale: float, sun: Sun) -> None:
        width, height = size
        self.bgr = np.zeros((height, width, 3), np.uint8)
        self.shade = np.zeros((height, width), np.uint8)
        self.taken = np.zeros((-(-height // _COARSE), -(-width // _COARSE)), np.uint8)
        self.scale = scale
        self.sun = sun

    @property
    def size(self) -> Tuple[int, int]:
        """Width and height in pixels."""
        return self.bgr.shape[1], self.bgr.shape[0]

    def reserve(self, polygon: np.ndarray) -> None:
        """Mark a polygon (K, 2) as occupied."""
        cv2.fillPoly(self.taken, [np.round(polygon / _COARSE).astype(np.int32)], 1)

    def reserve_line(self, points: np.ndarray, width: float) -> None:
        """Mark a line as occupied."""
        thickness = max(1, int(np.ceil(width / _COARSE)))
        line = np.round(points / _COARSE).astype(np.int32)
        cv2.polylines(self.taken, [line], False, 1, thickness)

    def is_free(self, polygon: np.ndarray) -> bool:
        """True if no part of a polygon (K, 2) is occupied."""
        coarse = np.round(polygon / _COARSE).astype(np.int32)
        rows, columns = self.taken.shape
        low = np.maximum(coarse.min(0), 0)
        high = np.minimum(coarse.max(0) + 1, (columns, rows))
        if (high <= low).any():
            return False
        part = self.taken[low[1] : high[1], low[0] : high[0]]
        mask = np.zeros_like(part)
        cv2.fillPoly(mask, [coarse - low], 1)
        return not bool(np.any(part & mask))

    def free_spots(self, rng: np.random.Generator, count: int) -> List[np.ndarray]:
        """Random points on free ground; fewer than ``count`` if some fall on occupied areas."""
        width, height = self.size
        points = rng.uniform((0, 0), (width, height), (count, 2))
        coarse = (points / _COARSE).astype(int)
        free = self.taken[coarse[:, 1], coarse[:, 0]] == 0
        return list(points[free])

    def hectares(self) -> float:
        """Area of the map in hectares."""
        return float(np.prod(self.size)) / (100 * self.scale) ** 2

    def cast(self, polygon: np.ndarray, height: float) -> None:
        """Cast the shadow of a convex prism of base (K, 2) and a height in metres."""
        shift = self.sun.shift(height * self.scale)
        hull = cv2.convexHull(np.concatenate([polygon, polygon + shift]).astype(np.float32))
        fill_polygon(self.shade, hull[:, 0], (255,))

    def cast_from(self, polygon: np.ndarray, altitude: float) -> None:
        """Cast the shadow of a flat polygon (K, 2) at an altitude in metres."""
        fill_polygon(self.shade, polygon + self.sun.shift(altitude * self.scale), (255,))

    def apply_shadows(self) -> None:
        """Darken the image by the shadows cast so far; later paint is not darkened."""
        self.shade = cv2.GaussianBlur(self.shade, (0, 0), max(0.6, 0.08 * self.scale))
        strength = self.sun.strength
        # Shadows are lit by the blue sky alone.
        table = np.arange(256, dtype=np.float32)[:, None] * np.array([0.86, 0.96, 1.04]) / 255
        table = np.round(255 * (1 - strength * np.clip(table, 0, 1))).astype(np.uint8)
        light = cv2.LUT(cv2.cvtColor(self.shade, cv2.COLOR_GRAY2BGR), table[None])
        self.bgr = cv2.multiply(self.bgr, light, scale=1 / 255)

    def blend(self, picture: np.ndarray, top_left: Tuple[int, int]) -> None:
        """Blend an image uint8 (h, w, 4), not premultiplied, onto the map; clipped to the map."""
        left, top = top_left
        width, height = self.size
        x0, y0 = max(left, 0), max(top, 0)
        x1 = min(left + picture.shape[1], width)
        y1 = min(top + picture.shape[0], height)
        if x1 <= x0 or y1 <= y0:
            return
        part = picture[y0 - top : y1 - top, x0 - left : x1 - left]
        alpha = cv2.cvtColor(part[..., 3], cv2.COLOR_GRAY2BGR)
        below = self.bgr[y0:y1, x0:x1]
        faded = cv2.multiply(below, 255 - alpha, scale=1 / 255)
        below[...] = cv2.add(faded, cv2.multiply(part[..., :3], alpha, scale=1 / 255))
