"""World of a sequence: one large map seen from straight above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence, Tuple

import cv2
import numpy as np

from ..noise import fractal_noise
from ..route import Route
from .biomes import BIOMES
from .ground import Ground, Sun
from .site import Site


@dataclass
class World:
    """A finished map.

    Attributes:
        levels: Image pyramid of the map, uint8 (H, W, 3) BGR; halved levels serve wider views.
        shade: Shadows on the ground at a quarter of the size, float32, 0 lit to 1 dark.
        scale: World pixels per metre.
        sun: Sunlight.
    """

    levels: List[np.ndarray]
    shade: np.ndarray
    scale: float
    sun: Sun

    def view(self, matrix: np.ndarray, frame_size: Tuple[int, int]) -> np.ndarray:
        """Map as seen by the camera.

        Args:
            matrix: Affine (2, 3) from world to frame pixels.
            frame_size: Width and height of the frame.

        Returns:
            uint8 (H, W, 3) BGR.
        """
        zoom = float(np.hypot(matrix[0, 0], matrix[1, 0]))
        level = int(np.clip(np.round(-np.log2(zoom) - 0.1), 0, len(self.levels) - 1))
        step = 2.0**level
        matrix = matrix.copy()
        # Pixel centres of a halved image lie between those of the full one.
        matrix[:, 2] += matrix[:, :2] @ np.full(2, (step - 1) / 2)
        matrix[:, :2] *= step
        return cv2.warpAffine(
            self.levels[level],
            matrix,
            frame_size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )

    def shade_at(self, x: float, y: float) -> float:
        """Shadow depth at a point of the ground, 0 to 1."""
        rows, columns = self.shade.shape
        row, column = int(np.clip(y / 4, 0, rows - 1)), int(np.clip(x / 4, 0, columns - 1))
        return float(self.shade[row, column])


def draw_sun(rng: np.random.Generator) -> Sun:
    """Random direction and height of the sun."""
    angle = rng.uniform(0, 2 * np.pi)
    return Sun(
        (float(np.cos(angle)), float(np.sin(angle))), rng.uniform(0.35, 1.1), rng.uniform(0.42, 0.6)
    )


def build_world(
    rng: np.random.Generator,
    biome: str,
    size: Tuple[int, int],
    scale: float,
    route: Route,
    path: str,
    sun: Sun,
    ways: Sequence[np.ndarray] = (),
    overhead: Sequence[Tuple[np.ndarray, float]] = (),
) -> World:
    """Build the world around a target's route.

    Args:
        rng: Random generator.
        biome: A key of :data:`~.biomes.BIOMES`.
        size: Width and height in world pixels.
        scale: World pixels per metre.
        route: The target's route in world pixels.
        path: How the target moves: ``'road'``, ``'path'``, ``'water'`` or ``'air'``.
        sun: Sunlight.
        ways: Paths (M, 2) of the other moving objects, in world pixels.
        overhead: Convex outlines (K, 2) in world pixels and altitudes in metres of overhead
            objects. They cast shadows, and nothing is built below them.
    """
    if biome not in BIOMES:
        raise ValueError(f'unknown biome {biome!r}; it must be one of {sorted(BIOMES)}')
    ground = Ground(size, scale, sun)
    tilt = rng.uniform(0, 2 * np.pi)
    lean = np.array([np.cos(tilt), np.sin(tilt)]) * rng.uniform(0.05, 0.22) * scale
    for outline, height in overhead:
        ground.reserve(outline)
        ground.cast_from(outline, height)
    site = Site(ground, rng, route, path, [_span(route), *ways], lean)
    BIOMES[biome](site)
    _uneven_light(ground, rng)
    levels = [ground.bgr]
    for _ in range(2):
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    coarse = (-(-ground.size[0] // 4), -(-ground.size[1] // 4))
    shade = cv2.resize(ground.shade, coarse, interpolation=cv2.INTER_AREA)
    return World(levels, shade.astype(np.float32) / 255, scale, sun)


def _span(route: Route) -> np.ndarray:
    """Travelled part of a route, slightly extended."""
    return route.at(np.arange(route.arc[0] - 150.0, route.arc[-1] + 150.0, 4.0))


def _uneven_light(ground: Ground, rng: np.random.Generator) -> None:
    """Add broad variations of lightness, so that no two places look the same."""
    shape = ground.bgr.shape[:2]
    small = (max(shape[0] // 8, 8), max(shape[1] // 8, 8))
    field_ = fractal_noise(rng, small, max(small) / 3, 3)
    tone = cv2.resize(1 + 0.06 * field_, shape[::-1], interpolation=cv2.INTER_LINEAR)
    for channel in range(3):
        ground.bgr[..., channel] = cv2.multiply(ground.bgr[..., channel], tone, dtype=cv2.CV_8U)
