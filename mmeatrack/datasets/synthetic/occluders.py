"""What passes between camera and target: bridges, tree crowns, clouds."""
from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple

import cv2
import numpy as np

from .drawing import bgr, shade, vary
from .ground import Sun, rectangle
from .noise import fractal_noise, grain
from .sprite import Sprite
from .vegetation import FOLIAGE, crown


@dataclass
class Cover:
    """An overhead object at a fixed place.

    Attributes:
        sprite: Its picture.
        x: Horizontal centre in world pixels.
        y: Vertical centre.
        angle: Direction of the picture's +x axis.
        shadow: Convex outline (K, 2) in world pixels of what casts its shadow; empty for clouds.
    """

    sprite: Sprite
    x: float
    y: float
    angle: float
    shadow: np.ndarray


def _bridge_picture(
    rng: np.random.Generator, length: float, width: float, scale: float, wooden: bool
) -> np.ndarray:
    shape = (int(np.ceil(width * scale)) + 4, int(np.ceil(length * scale)))
    picture = np.empty((*shape, 4), np.uint8)
    deck = vary(rng, (146, 124, 98) if wooden else (124, 123, 121), 8)
    rail = vary(rng, (176, 160, 136) if wooden else (178, 176, 170), 6)
    picture[..., :3] = bgr(deck)
    middle = shape[0] / 2
    edge = int(max(2, 0.09 * shape[0]))
    picture[:edge, :, :3] = bgr(rail)
    picture[-edge:, :, :3] = bgr(rail)
    picture[edge : edge + max(1, edge // 3), :, :3] = bgr(shade(deck, 0.62))
    if wooden:
        plank = max(3, int(0.25 * scale))
        picture[edge:-edge, ::plank, :3] = bgr(shade(deck, 0.8))
    elif width > 5:
        dash = int(3 * scale)
        line = max(1, int(0.14 * scale))
        for left in range(0, shape[1], int(7.5 * scale)):
            top = int(middle - line / 2)
            picture[top : top + line, left : left + dash, :3] = (214, 222, 224)
    tone = 1 + 0.045 * grain(rng, shape) + 0.05 * fractal_noise(rng, shape, 3 * scale, 4)
    for channel in range(3):
        picture[..., channel] = cv2.multiply(picture[..., channel], tone, dtype=cv2.CV_8U)
    picture[..., 3] = 255
    picture[:2, :, 3] = 0
    picture[-2:, :, 3] = 0
    return picture


def bridge(
    rng: np.random.Generator,
    point: np.ndarray,
    angle: float,
    length: float,
    width: float,
    scale: float,
    wooden: bool,
) -> Cover:
    """A bridge over a point.

    Args:
        rng: Source of the numbers.
        point: Where it crosses the target's way, (2,) in world pixels.
        angle: Its direction in radians.
        length: Metres along it, beyond what any frame shows.
        width: Metres across it.
        scale: World pixels per metre.
        wooden: Whether it is a footbridge of planks.
    """
    picture = _bridge_picture(rng, length, width, scale, wooden)
    outline = rectangle(length * scale, width * scale, angle, point)
    return Cover(Sprite([[picture]], scale, 5.0, 5.0), point[0], point[1], angle, outline)


def canopy(
    rng: np.random.Generator, point: np.ndarray, radius: float, scale: float, sun: Sun, cover: float
) -> List[Cover]:
    """A few tree crowns whose branches reach over a point.

    Args:
        rng: Source of the numbers.
        point: A point of the target's way, (2,) in world pixels.
        radius: Mean radius of a crown in metres.
        scale: World pixels per metre.
        sun: The light.
        cover: How far the crowns reach over the way: 0 touches it, 1 covers it.
    """
    base = FOLIAGE[int(rng.integers(len(FOLIAGE)))]
    covers = []
    first = rng.uniform(0, 2 * np.pi)
    for number in range(3):
        size = radius * rng.uniform(0.85, 1.15)
        turn = first + number * 2 * np.pi / 3 + rng.normal(0, 0.2)
        away = size * (1 - cover) * scale
        centre = point + away * np.array([np.cos(turn), np.sin(turn)])
        picture = crown(rng, size * scale, vary(rng, base, 6), sun, rng.uniform(0.16, 0.3))
        t = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        outline = centre + 0.95 * size * scale * np.stack([np.cos(t), np.sin(t)], 1)
        covers.append(
            Cover(Sprite([[picture]], scale, size, 3.0), centre[0], centre[1], 0.0, outline)
        )
    return covers


def cloud(
    rng: np.random.Generator, point: np.ndarray, span: Tuple[float, float], scale: float, angle: float
) -> Cover:
    """A wisp of cloud over a point, ``span`` metres long and wide."""
    shape = (int(span[1] * scale * 2), int(span[0] * scale * 2))
    y = np.linspace(-2, 2, shape[0])[:, None]
    x = np.linspace(-2, 2, shape[1])[None]
    noise = fractal_noise(rng, shape, max(shape[0] / 3, 4), 5, 0.6)
    fade = np.clip(2.1 - np.hypot(x, y), 0, 1)
    alpha = np.clip((1.75 - np.hypot(x, y) + 0.5 * noise) * 1.4, 0, 1) * fade
    white = np.clip(232 + 12 * noise, 0, 255)
    picture = np.dstack([white, white, white * 0.99, alpha * 255]).astype(np.uint8)
    return Cover(Sprite([[picture]], scale, 0.0, 60.0), point[0], point[1], angle, np.zeros((0, 2)))
