"""Occluders between camera and target: bridges, tree crowns, clouds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple

import cv2
import numpy as np

from ..noise import fractal_noise, grain
from ..sprites.drawing import bgr, shade, vary
from ..sprites.sprite import Sprite
from .ground import Sun, rectangle, rotated
from .vegetation import CIRCLE, FOLIAGE, crown


@dataclass
class Cover:
    """Overhead object at a fixed place.

    Attributes:
        sprite: Its sprite.
        x: Horizontal centre in world pixels.
        y: Vertical centre.
        angle: Direction of the sprite's +x axis.
        outline: Convex outline (K, 2) in world pixels.
        casts: Whether it casts a shadow.
    """

    sprite: Sprite
    x: float
    y: float
    angle: float
    outline: np.ndarray
    casts: bool = True


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
    """Bridge over a point of the target's route.

    Args:
        rng: Random generator.
        point: Crossing with the route, (2,) in world pixels.
        angle: Direction in radians.
        length: Length in metres, longer than any frame shows.
        width: Width in metres.
        scale: World pixels per metre.
        wooden: Whether it is a footbridge of planks.
    """
    picture = _bridge_picture(rng, length, width, scale, wooden)
    outline = rectangle(length * scale, width * scale, angle, point)
    return Cover(Sprite([[picture]], scale, 5.0, 5.0), point[0], point[1], angle, outline)


def canopy(
    rng: np.random.Generator,
    point: np.ndarray,
    heading: float,
    extent: Tuple[float, float],
    scale: float,
    sun: Sun,
) -> List[Cover]:
    """Tree crowns next to the target's route, whose branches reach over a part of it.

    Args:
        rng: Random generator.
        point: Point of the route, (2,) in world pixels.
        heading: Direction of the route in radians.
        extent: The target's length and width in metres.
        scale: World pixels per metre.
        sun: Sunlight.
    """
    length, width = extent
    base = FOLIAGE[int(rng.integers(len(FOLIAGE)))]
    side = 1.0 if rng.random() < 0.5 else -1.0
    covers = []
    for number in range(3):
        radius = max(length * rng.uniform(0.5, 0.8), 1.0)
        along = (number - 1) * 0.8 * length + rng.normal(0, 0.1 * length)
        # The crown's edge lies over the target, so that a part of its width stays visible.
        hidden = rng.uniform(0.5, 0.85) if number == 1 else rng.uniform(0.1, 0.6)
        across = side * (radius + width * (0.5 - hidden))
        side = -side if rng.random() < 0.3 else side
        centre = rotated(np.array([[along, across]]) * scale, heading, point)[0]
        picture = crown(rng, radius * scale, vary(rng, base, 6), sun, rng.uniform(0.16, 0.3))
        outline = centre + 0.95 * radius * scale * CIRCLE
        sprite = Sprite([[picture]], scale, radius, 3.0)
        covers.append(Cover(sprite, centre[0], centre[1], 0.0, outline))
    return covers


def cloud(
    rng: np.random.Generator,
    point: np.ndarray,
    span: Tuple[float, float],
    scale: float,
    angle: float,
    opacity: float,
) -> Cover:
    """Wisp of cloud over a point, ``span`` metres long and wide, thinning out to its edges."""
    shape = (int(span[1] * scale * 2), int(span[0] * scale * 2))
    y = np.linspace(-2, 2, shape[0])[:, None]
    x = np.linspace(-2, 2, shape[1])[None]
    noise = fractal_noise(rng, shape, max(shape[0] / 3, 4), 5, 0.62)
    distance = np.hypot(x, y) + 0.42 * noise
    core = np.clip((1.45 - distance) / 0.7, 0, 1)
    veil = 0.55 * np.clip((1.9 - distance) / 1.2, 0, 1) * np.clip(2.0 - np.hypot(x, y), 0, 1)
    alpha = opacity * np.maximum(core * core * (3 - 2 * core), veil)
    alpha = cv2.GaussianBlur(alpha, (0, 0), max(shape[0] / 40, 1.0), borderType=cv2.BORDER_CONSTANT)
    white = np.clip(232 + 10 * noise, 0, 255)
    picture = np.dstack([white, white, white * 0.99, alpha * 255]).astype(np.uint8)
    outline = rectangle(1.9 * span[0] * scale, 1.9 * span[1] * scale, angle, point)
    sprite = Sprite([[picture]], scale, 0.0, 60.0)
    return Cover(sprite, point[0], point[1], angle, outline, False)
