"""Illumination over time: exposure, colour temperature and passing cloud shadows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

import cv2
import numpy as np

from .noise import ease, fractal_noise, smooth_curve
from .scenario import Scenario

_GREY = 110.0
"""Mid-tone at which changes of illumination are measured."""


@dataclass
class Light:
    """Illumination of each frame.

    Attributes:
        gain: Exposure (N,), 1 being normal.
        gamma: Tone curve's exponent (N,).
        warmth: Colour temperature (N,) as a share: above 0 redder, below 0 bluer.
        cloud: Transmission of a cloud over the world's area, float32 (h, w), or None.
        drift: Shift of the cloud map (N, 2) in map pixels.
    """

    gain: np.ndarray
    gamma: np.ndarray
    warmth: np.ndarray
    cloud: Optional[np.ndarray]
    drift: np.ndarray

    def table(self, frame: int) -> np.ndarray:
        """Lookup table of a frame, uint8 (1, 256, 3) in BGR order."""
        level = np.linspace(0, 1, 256) ** self.gamma[frame] * self.gain[frame]
        warmth = self.warmth[frame]
        channels = [level * (1 - warmth), level, level * (1 + warmth)]
        # Highlights roll off instead of clipping.
        bent = [np.where(c > 0.85, 0.85 + 0.15 * np.tanh((c - 0.85) / 0.15), c) for c in channels]
        return np.round(np.stack(bent, -1) * 255).astype(np.uint8)[None]

    def grey(self, frame: int) -> float:
        """Rendered value of the scene's mid-grey, 0 to 255, without the cloud."""
        return float((_GREY / 255) ** self.gamma[frame] * self.gain[frame] * 255)

    def cloud_at(self, frame: int, share: np.ndarray) -> float:
        """Cloud transmission at a point (2,) given as shares of the world's width and height."""
        if self.cloud is None:
            return 1.0
        rows, columns = self.cloud.shape
        place = share * (columns, rows) + self.drift[frame]
        column, row = np.clip(np.round(place).astype(int), 0, (columns - 1, rows - 1))
        return float(self.cloud[row, column])

    def cloud_view(
        self,
        frame: int,
        matrix: np.ndarray,
        world_size: Tuple[int, int],
        frame_size: Tuple[int, int],
    ) -> Optional[np.ndarray]:
        """Cloud transmission over the frame, uint8 (H, W, 3), 255 clear; None without a cloud.

        Args:
            frame: Frame number.
            matrix: Affine (2, 3) from world to frame pixels.
            world_size: Width and height of the world.
            frame_size: Width and height of the frame.
        """
        if self.cloud is None:
            return None
        rows, columns = self.cloud.shape
        small = (max(frame_size[0] // 8, 2), max(frame_size[1] // 8, 2))
        to_small = np.diag([small[0] / frame_size[0], small[1] / frame_size[1]])
        from_cloud = np.diag([world_size[0] / columns, world_size[1] / rows])
        linear = to_small @ matrix[:, :2] @ from_cloud
        offset = to_small @ matrix[:, 2] - linear @ self.drift[frame]
        view = cv2.warpAffine(
            self.cloud, np.column_stack([linear, offset]), small, borderMode=cv2.BORDER_REPLICATE
        )
        view = cv2.resize(view, frame_size, interpolation=cv2.INTER_LINEAR)
        return cv2.cvtColor(cv2.convertScaleAbs(view, alpha=255), cv2.COLOR_GRAY2BGR)


def plan_light(rng: np.random.Generator, scenario: Scenario, num_frames: int) -> Light:
    """Draw the illumination of a sequence."""
    still = np.zeros(num_frames)
    base = rng.uniform(0.94, 1.06)
    warmth = rng.uniform(-0.06, 0.08)
    if scenario.light == 0:
        return Light(base + still, 1 + still, warmth + still, None, np.zeros((num_frames, 2)))
    swing = ease(num_frames, rng.uniform(0.05, 0.25), rng.uniform(0.7, 0.95))
    if rng.random() < 0.35:
        # There and back.
        swing = np.sin(np.pi * swing)
    darker = rng.random() < 0.6
    amount = min(scenario.light, 1.2)
    end = 1 - 0.36 * amount if darker else 1 + 0.2 * amount
    start = base if darker else 1 - 0.26 * amount
    gain = start + (end * base - start) * swing
    gain = gain * (1 + 0.02 * amount * smooth_curve(rng, num_frames, 12))
    gamma = 1 + rng.uniform(-0.14, 0.2) * amount * swing
    turned = warmth + rng.uniform(-0.1, 0.13) * amount * swing
    cloud, drift = None, np.zeros((num_frames, 2))
    if rng.random() < 0.5 * scenario.light:
        cloud, drift = _plan_cloud(rng, num_frames, amount)
    return Light(gain, gamma, turned, cloud, drift)


def _plan_cloud(
    rng: np.random.Generator, num_frames: int, amount: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Map of soft cloud shadows, and its drift with the wind."""
    side = 192
    noise = fractal_noise(rng, (side, side), 60, 4, 0.5)
    cover = np.clip(noise * 2.2 + 0.5, 0, 1)
    cover = cv2.GaussianBlur(cover, (0, 0), 2.0)
    direction = rng.uniform(0, 2 * np.pi)
    way = np.linspace(-0.5, 0.5, num_frames) * rng.uniform(30, 60)
    drift = way[:, None] * np.array([np.cos(direction), np.sin(direction)])
    return (1 - 0.42 * min(amount, 1.0) * cover).astype(np.float32), drift
