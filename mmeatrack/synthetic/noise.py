"""Multi-scale noise for textures, and smooth curves for motion."""

from __future__ import annotations

from typing import Tuple

import cv2
import numpy as np

_BLUR = 0.9


def fractal_noise(
    rng: np.random.Generator,
    shape: Tuple[int, int],
    cell: float,
    octaves: int = 4,
    persistence: float = 0.55,
) -> np.ndarray:
    """Sum of smoothed Gaussian grids, each twice as fine as the one before.

    Args:
        rng: Random generator.
        shape: Height and width in pixels.
        cell: Size of the coarsest structures in pixels.
        octaves: Number of grids; those finer than a pixel are left out.
        persistence: Amplitude of each grid relative to the one before.

    Returns:
        float32 array (H, W) of mean about 0 and standard deviation about 0.7.
    """
    height, width = shape
    total = np.zeros(shape, np.float32)
    amplitude, power = 1.0, 0.0
    for _ in range(octaves):
        if cell < 1:
            break
        pitch = max(cell / 2, 1.5)
        grid_shape = (int(height / pitch) + 4, int(width / pitch) + 4)
        grid = rng.standard_normal(grid_shape, dtype=np.float32)
        if cell > 3:
            # Blurred white noise has no preferred direction, unlike a plain grid.
            grid = cv2.GaussianBlur(grid, (5, 5), _BLUR, borderType=cv2.BORDER_REFLECT_101)
            grid *= np.float32(2 * np.sqrt(np.pi) * _BLUR)
        zoomed = cv2.resize(grid, None, fx=pitch, fy=pitch, interpolation=cv2.INTER_CUBIC)
        top, left = (zoomed.shape[0] - height) // 2, (zoomed.shape[1] - width) // 2
        patch = zoomed[top : top + height, left : left + width]
        cv2.scaleAdd(np.ascontiguousarray(patch), amplitude, total, total)
        power += amplitude**2
        amplitude *= persistence
        cell /= 2
    return total * np.float32(1 / np.sqrt(max(power, 1e-6)))


def grain(rng: np.random.Generator, shape: Tuple[int, int], blur: float = 0.6) -> np.ndarray:
    """Pixel-fine noise, float32 (H, W), standard deviation 1.

    One tile of 512 px is repeated: at this scale the period is not visible.
    """
    side = 512
    tile = rng.standard_normal((side, side), dtype=np.float32)
    tile = cv2.GaussianBlur(tile, (0, 0), blur, borderType=cv2.BORDER_REFLECT_101)
    tile /= tile.std()
    repeats = (-(-shape[0] // side), -(-shape[1] // side))
    return np.tile(tile, repeats)[: shape[0], : shape[1]]


def smooth_curve(rng: np.random.Generator, length: int, period: float) -> np.ndarray:
    """Smooth random curve over time.

    Args:
        rng: Random generator.
        length: Number of samples.
        period: Samples between two independent values; larger is smoother.

    Returns:
        float64 array (length,), mostly within -1 and 1.
    """
    knots = int(np.ceil(length / period)) + 4
    values = np.clip(rng.normal(0.0, 0.5, knots), -1, 1)
    position = np.arange(length) / period + 1
    left = position.astype(int)
    t = position - left
    before, start, end, after = (values[left + shift] for shift in (-1, 0, 1, 2))
    # Catmull-Rom spline through the knots.
    return 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )


def ease(length: int, start: float, end: float) -> np.ndarray:
    """Rise from 0 to 1 between two shares of the sequence, slow at both ends.

    Args:
        length: Number of samples.
        start: Share of the length, 0 to 1, up to which the curve stays 0.
        end: Share of the length from which it stays 1.

    Returns:
        float64 array (length,).
    """
    t = np.linspace(0, 1, length) if length > 1 else np.ones(1)
    t = np.clip((t - start) / max(end - start, 1e-6), 0, 1)
    return t * t * (3 - 2 * t)
