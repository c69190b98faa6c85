"""Bare ground: fields, lawns, sand, paving and water."""

from __future__ import annotations

from typing import List, Sequence, Tuple

import cv2
import numpy as np

from ..noise import fractal_noise, grain
from ..sprites.drawing import Colour, vary
from .ground import Ground, rotated

GRASS: List[Colour] = [(98, 114, 66), (110, 122, 72), (88, 106, 60), (122, 126, 82)]
DRY: List[Colour] = [(152, 142, 98), (142, 130, 90), (164, 152, 112)]
SOIL: List[Colour] = [(132, 108, 82), (118, 97, 74), (148, 124, 96), (106, 86, 68)]
CROPS: List[Colour] = [(70, 98, 52), (92, 116, 58), (120, 128, 66), (186, 168, 108), (172, 152, 92)]
PAVING: List[Colour] = [(158, 154, 146), (146, 140, 132), (168, 160, 148), (138, 136, 134)]
SAND: List[Colour] = [(206, 190, 154), (196, 178, 142), (212, 200, 170)]
DEEP: List[Colour] = [(48, 78, 86), (40, 84, 98), (58, 82, 78), (34, 70, 92)]
SHALLOW: List[Colour] = [(96, 136, 128), (86, 140, 142), (108, 128, 106)]


def _stripes(
    rng: np.random.Generator, shape: Tuple[int, int], angle: float, period: float, sharp: bool
) -> np.ndarray:
    """Parallel rows, slightly wavy and uneven, float32 (H, W) within -1 and 1."""
    height, width = shape
    wave = 2 * np.pi / period
    rows = (np.arange(height, dtype=np.float32) * np.float32(wave * np.sin(angle)))[:, None]
    columns = (np.arange(width, dtype=np.float32) * np.float32(wave * np.cos(angle)))[None]
    bend = fractal_noise(rng, shape, max(period * 12, 64), 2)
    bands = np.sin(rows + columns + np.float32(1.2) * bend)
    return np.clip(2.2 * bands, -1, 1) if sharp else bands


def _cells(
    rng: np.random.Generator, size: Tuple[int, int], cell: float, jitter: float
) -> List[np.ndarray]:
    """Four-sided parcels (4, 2) of a turned, jittered grid that covers the map."""
    reach = np.hypot(*size) / 2 + cell
    count = int(np.ceil(2 * reach / cell)) + 1
    line = (np.arange(count) - (count - 1) / 2) * cell
    grid = np.stack(np.meshgrid(line, line * rng.uniform(0.6, 1.0)), -1)
    grid = grid + rng.uniform(-jitter, jitter, grid.shape) * cell
    grid = rotated(grid.reshape(-1, 2), rng.uniform(0, np.pi), np.array(size) / 2)
    grid = grid.reshape(count, count, 2)
    return [
        np.stack([grid[i, j], grid[i, j + 1], grid[i + 1, j + 1], grid[i + 1, j]])
        for i in range(count - 1)
        for j in range(count - 1)
    ]


def _inside(polygon: np.ndarray, size: Tuple[int, int]) -> Tuple[slice, slice]:
    low = np.clip(np.floor(polygon.min(0)), 0, size).astype(int)
    high = np.clip(np.ceil(polygon.max(0)) + 1, 0, size).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def paint_parcels(
    ground: Ground,
    rng: np.random.Generator,
    palettes: Sequence[Colour],
    cell: float,
    rows: Tuple[float, float],
    striped: float,
    jitter: float = 0.18,
    rough: float = 1.0,
) -> List[np.ndarray]:
    """Cover the map with parcels of different colour, some with furrows or mown bands.

    Args:
        ground: The map; painted whole.
        rng: Random generator.
        palettes: Colours to draw from.
        cell: Size of a parcel in metres.
        rows: Smallest and largest spacing of the rows in metres.
        striped: Share of the parcels that have rows.
        jitter: Irregularity of the parcels, 0 to 0.4.
        rough: Strength of the noise, 1 for plants, less for paving.

    Returns:
        The parcels' corners, each (4, 2), in world pixels.
    """
    height, width = ground.bgr.shape[:2]
    tone = np.zeros((height, width), np.float32)
    parcels = []
    for polygon in _cells(rng, ground.size, cell * ground.scale, jitter):
        window = _inside(polygon, ground.size)
        if tone[window].size == 0:
            continue
        parcels.append(polygon)
        shape = (window[0].stop - window[0].start, window[1].stop - window[1].start)
        mask = np.zeros(shape, np.uint8)
        corner = np.array([window[1].start, window[0].start])
        cv2.fillPoly(mask, [np.round(polygon - corner).astype(np.int32)], 1)
        colour = vary(rng, palettes[int(rng.integers(len(palettes)))], 5)
        ground.bgr[window][mask > 0] = np.clip(colour[::-1], 0, 255)
        if rng.random() < striped:
            edge = polygon[1] - polygon[0]
            angle = np.arctan2(edge[1], edge[0]) + np.pi / 2
            period = max(rng.uniform(*rows) * ground.scale, 3.0)
            sharp = period < 1.6 * ground.scale
            bands = _stripes(rng, shape, angle, period, sharp)
            tone[window] += bands * mask * np.float32(rng.uniform(0.05, 0.12))
    weather(ground, rng, tone, rough)
    return parcels


def paint_plain(ground: Ground, rng: np.random.Generator, colour: Colour, rough: float) -> None:
    """Cover the map with one material."""
    ground.bgr[...] = np.clip(vary(rng, colour, 5)[::-1], 0, 255)
    weather(ground, rng, np.zeros(ground.bgr.shape[:2], np.float32), rough)


def weather(ground: Ground, rng: np.random.Generator, tone: np.ndarray, rough: float) -> None:
    """Add multi-scale noise to the map: patches of lightness and hue, blades and crumbs.

    Args:
        ground: The map.
        rng: Random generator.
        tone: float32 (H, W) relative lightness to add, changed in place.
        rough: Strength of the noise, 1 for grass.
    """
    shape = tone.shape
    broad = fractal_noise(rng, shape, 40 * ground.scale, 4)
    fine = fractal_noise(rng, shape, max(2.4 * ground.scale, 6), 4, 0.75)
    hue = fractal_noise(rng, shape, 16 * ground.scale, 3)
    tone += np.float32(0.09 * rough) * broad
    tone += np.float32(0.075 * rough) * fine
    tone += np.float32(0.05 * rough) * grain(rng, shape)
    tint = np.float32(0.05 * rough) * hue
    for channel, share in enumerate((-0.6, 0.1, 1.0)):
        factor = 1 + tone + tint * np.float32(share)
        ground.bgr[..., channel] = cv2.multiply(ground.bgr[..., channel], factor, dtype=cv2.CV_8U)


def paint_water(ground: Ground, rng: np.random.Generator, land: np.ndarray, sandy: float) -> None:
    """Flood the map where there is no land, with a shore in between.

    Args:
        ground: The map, already painted as land.
        rng: Random generator.
        land: float32 (h, w) of any size: distance from the shore in metres, above 0 on land.
        sandy: Width of the beach in metres, 0 for a grassy bank.
    """
    shape = ground.bgr.shape[:2]
    level = cv2.resize(land, shape[::-1], interpolation=cv2.INTER_CUBIC)
    level += 1.2 * fractal_noise(rng, shape, 14 * ground.scale, 4)
    deep = vary(rng, DEEP[int(rng.integers(len(DEEP)))], 5)
    shallow = vary(rng, SHALLOW[int(rng.integers(len(SHALLOW)))], 5)
    sand = vary(rng, SAND[int(rng.integers(len(SAND)))], 5)
    ripple = _ripples(rng, shape, ground.scale)
    picture = ground.bgr.astype(np.float32)
    if sandy > 0:
        _mix_in(picture, sand, _step(-level, -sandy, 0.35 * sandy), ripple * 0.1)
        _mix_in(picture, (150, 130, 100), 0.6 * _step(-level, -0.16 * sandy, 0.9), ripple * 0.1)
    else:
        _mix_in(picture, (104, 96, 70), 0.75 * _step(-level, -0.8, 0.8), ripple * 0.2)
    _mix_in(picture, shallow, _step(-level, 0.3, 0.5), ripple)
    _mix_in(picture, deep, _step(-level, 9.0, 9.0), ripple)
    foam = np.exp(-(((level + 0.5) / 0.45) ** 2)) * np.clip(0.35 + 0.5 * ripple * 8, 0, 0.7)
    _mix_in(picture, (228, 232, 228), foam if sandy > 0 else 0.35 * foam, ripple)
    ground.bgr = np.clip(picture, 0, 255).astype(np.uint8)
    coarse = cv2.resize(level, ground.taken.shape[::-1], interpolation=cv2.INTER_AREA)
    ground.taken |= (coarse < 1.0).astype(np.uint8)


def _ripples(rng: np.random.Generator, shape: Tuple[int, int], scale: float) -> np.ndarray:
    """Small waves, longer across the wind than along it, float32, deviation about 0.07."""
    stretched = fractal_noise(rng, (shape[0], -(-shape[1] // 2)), max(1.6 * scale, 4), 4, 0.8)
    stretched = cv2.resize(stretched, shape[::-1], interpolation=cv2.INTER_LINEAR)
    swell = fractal_noise(rng, shape, 30 * scale, 2)
    return np.float32(0.075) * stretched + np.float32(0.05) * swell


def _step(value: np.ndarray, edge: float, softness: float) -> np.ndarray:
    """Soft step from 0 to 1 where value passes the edge."""
    return np.clip((value - edge) / max(softness, 1e-3) + 0.5, 0, 1)


def _mix_in(picture: np.ndarray, colour: Colour, weight: np.ndarray, tone: np.ndarray) -> None:
    """Blend a toned colour into a float32 picture, in place."""
    for channel, value in enumerate(colour[::-1]):
        layer = picture[..., channel]
        layer += (np.float32(value) * (1 + tone) - layer) * weight
