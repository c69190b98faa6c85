"""Trees and bushes seen from above."""

from __future__ import annotations

from typing import List, Optional, Tuple

import cv2
import numpy as np

from ..noise import fractal_noise
from ..sprites.drawing import Colour, vary
from .ground import Ground, Sun

FOLIAGE: List[Colour] = [
    (66, 84, 42), (56, 76, 40), (78, 92, 48), (60, 82, 50), (86, 96, 54), (50, 68, 42),
    (104, 100, 52),
]  # fmt: skip

CIRCLE = np.stack(
    [np.cos(np.linspace(0, 2 * np.pi, 24, False)), np.sin(np.linspace(0, 2 * np.pi, 24, False))], 1
)


def crown(
    rng: np.random.Generator, radius: float, colour: Colour, sun: Sun, clumps: float = 0.3
) -> np.ndarray:
    """Tree crown lit by the sun.

    Args:
        rng: Random generator.
        radius: Mean radius in pixels.
        colour: Mean colour of the leaves.
        sun: Sunlight.
        clumps: Size of the leaf clumps as a share of the radius.

    Returns:
        uint8 (S, S, 4), BGR and alpha.
    """
    side = int(np.ceil(radius * 2.6)) | 1
    axis = (np.arange(side, dtype=np.float32) - side // 2) / np.float32(radius)
    x, y = axis[None], axis[:, None]
    distance = np.sqrt(x * x + y * y)
    lumps = fractal_noise(rng, (side, side), max(radius * clumps * 2, 2.0), 4, 0.7)
    edge = distance + 0.13 * lumps
    height = np.sqrt(np.clip(1.05 - edge * edge, 0, None)) + 0.17 * lumps
    slope_y, slope_x = np.gradient(height * np.float32(radius))
    # Light comes from the side opposite to the shadows.
    lit = -(slope_x * -sun.direction[0] + slope_y * -sun.direction[1])
    light = 0.86 + 0.36 * np.tanh(0.9 * lit) + 0.2 * (height - 0.6) + 0.1 * lumps
    light = np.clip(light, 0.28, 1.7)
    tint = 1 + 0.05 * lumps
    channels = [light * value for value in colour[::-1]]
    channels[2] = channels[2] * tint
    alpha = np.clip((1.0 - edge) * radius / 1.6 + 0.5, 0, 1)
    picture = np.dstack([*channels, alpha * 255])
    return np.clip(picture, 0, 255).astype(np.uint8)


class Grove:
    """Tree crowns drawn once and planted many times."""

    def __init__(
        self,
        rng: np.random.Generator,
        ground: Ground,
        radii: Tuple[float, float],
        variants: int = 8,
    ) -> None:
        self.ground = ground
        main = FOLIAGE[int(rng.integers(len(FOLIAGE)))]
        other = FOLIAGE[int(rng.integers(len(FOLIAGE)))]
        self.radii = np.linspace(radii[0], radii[1], variants)
        self.crowns = [
            crown(
                rng,
                max(radius * ground.scale, 2.0),
                vary(rng, main if rng.random() < 0.65 else other, 6),
                ground.sun,
                rng.uniform(0.18, 0.42),
            )
            for radius in self.radii
        ]
        self.waiting: List[Tuple[np.ndarray, int]] = []

    def plant(
        self, rng: np.random.Generator, spot: np.ndarray, limit: Optional[float] = None
    ) -> bool:
        """Plant a tree at a point if there is room, and cast its shadow.

        Args:
            rng: Chooses the crown.
            spot: Point (2,) in world pixels.
            limit: Largest radius in metres.
        """
        allowed = len(self.radii) if limit is None else int((self.radii <= limit).sum())
        if allowed == 0:
            return False
        which = int(rng.integers(allowed))
        radius = self.radii[which] * self.ground.scale
        disc = spot + 0.7 * radius * CIRCLE
        if not self.ground.is_free(disc):
            return False
        self.ground.reserve(spot + 0.45 * radius * CIRCLE)
        self._shadow(spot, radius, self.radii[which])
        self.waiting.append((spot, which))
        return True

    def _shadow(self, spot: np.ndarray, radius: float, metres: float) -> None:
        scale = self.ground.scale
        middle = spot + self.ground.sun.shift(metres * 1.5 * scale)
        wobble = 1 + 0.09 * np.sin(5 * np.arange(24) + spot[0])[:, None]
        for share in (0.55, 1.0):
            centre = spot + (middle - spot) * share
            points = np.round((centre + radius * 0.92 * wobble * CIRCLE) * 16)
            cv2.fillPoly(self.ground.shade, [points.astype(np.int32)], (235,), cv2.LINE_AA, 4)

    def grow(self) -> None:
        """Draw all planted crowns over everything below them."""
        for spot, which in self.waiting:
            picture = self.crowns[which]
            corner = np.round(spot - picture.shape[0] / 2).astype(int)
            self.ground.blend(picture, (int(corner[0]), int(corner[1])))
        self.waiting = []
