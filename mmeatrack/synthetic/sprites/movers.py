"""Off-road targets: boats, people and flying objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple

import numpy as np

from ..noise import fractal_noise
from .drawing import Board, Colour, mix, rounded_rectangle, shade, vary

STEPS = 8
"""Number of images per cycle of a gait or wing beat."""
CLOTHES: List[Colour] = [
    (200, 40, 40), (40, 60, 120), (230, 230, 226), (36, 36, 40), (220, 180, 50),
    (70, 120, 80), (180, 90, 140), (90, 140, 190), (150, 110, 80), (240, 120, 40),
]  # fmt: skip
SKIN: Colour = (196, 152, 122)


@dataclass(frozen=True)
class Figure:
    """Dimensions in metres shared by the looks of one target.

    Attributes:
        length: Extent along the direction of motion.
        width: Extent across it.
        variant: Selects one of several forms.
    """

    length: float
    width: float
    variant: int


def draw_figure(rng: np.random.Generator, kind: str) -> Figure:
    """Random dimensions of a boat, person, cyclist, drone or bird."""
    length, width = {
        'boat': (rng.uniform(5.5, 9.5), rng.uniform(0.3, 0.36)),
        'person': (rng.uniform(0.5, 0.6), rng.uniform(1.15, 1.35)),
        'cyclist': (rng.uniform(1.7, 1.85), rng.uniform(0.36, 0.42)),
        'drone': (rng.uniform(0.8, 1.1), rng.uniform(0.95, 1.1)),
        'bird': (rng.uniform(0.5, 0.6), rng.uniform(2.0, 2.4)),
    }[kind]
    return Figure(length, length * width, int(rng.integers(3)))


def draw_boat(
    rng: np.random.Generator, figure: Figure, paint: Colour, resolution: float
) -> np.ndarray:
    """Motor boat with deck, cabin and cockpit, uint8 (H, W, 4), its bow towards +x."""
    length, width = figure.length, figure.width
    board = Board(length, width, resolution, shade(paint, 0.7))
    x = np.linspace(-0.5, 0.5, 30)
    beam = np.where(x < 0, 0.92 + 0.16 * (x + 0.5), 1 - (2 * np.clip(x, 0, 1)) ** 2.4)
    hull = np.concatenate([np.stack([x, beam / 2], 1), np.stack([x, -beam / 2], 1)[::-1]])
    board.solid([(a * length, b * width) for a, b in hull], shade(paint, 0.75))
    white = mix(paint, (240, 240, 236), 0.55 if figure.variant else 0.3)
    board.fill([(a * length * 0.96, b * width * 0.86) for a, b in hull], white)
    deck = [(a * length * 0.62 + length * 0.12, b * width * 0.6) for a, b in hull]
    board.fill(deck, shade(white, 0.9))
    wood = vary(rng, (150, 112, 76), 10)
    board.rectangle(-length * 0.3, 0, length * 0.3, width * 0.66, shade(wood, 0.75))
    board.rectangle(-length * 0.3, 0, length * 0.27, width * 0.58, wood)
    for y in (-0.16, 0.16):
        board.rectangle(-length * 0.24, y * width, length * 0.09, width * 0.2, (228, 226, 216))
    cabin = rounded_rectangle(length * 0.26, width * 0.62, 5) + np.array([length * 0.02, 0])
    board.fill(cabin, shade(paint, 0.9) if figure.variant == 2 else (236, 236, 232))
    board.rectangle(length * 0.14, 0, length * 0.06, width * 0.56, (44, 56, 66))
    board.rectangle(-length * 0.48, 0, length * 0.04, width * 0.3, (40, 40, 44))
    board.round_off(width, 0.12)
    return board.picture()


def draw_wake(rng: np.random.Generator, figure: Figure, resolution: float) -> np.ndarray:
    """Foam behind a boat, uint8 (H, W, 4); the boat's centre is the image's centre."""
    reach = figure.length * 3.2
    board = Board(2 * reach, figure.width * 4.2, resolution, (222, 232, 232))
    height, width = board.alpha.shape
    x = (np.arange(width) - width / 2)[None] / resolution
    y = (np.arange(height) - height / 2)[:, None] / resolution
    behind = np.clip(-(x + figure.length * 0.38), 0, None)
    fade = np.exp(-behind / (figure.length * 1.1)) * (behind > 0)
    churn = np.exp(-((y / (figure.width * (0.32 + 0.03 * behind))) ** 2)) * fade
    from_bow = np.clip(-(x - figure.length * 0.3), 0, None)
    arm = np.abs(y) - figure.width * 0.3 - 0.2 * from_bow
    bow_wave = np.exp(-((arm / (0.22 + 0.04 * from_bow)) ** 2))
    bow_wave = bow_wave * np.exp(-from_bow / (figure.length * 0.9)) * (from_bow > 0)
    noise = fractal_noise(rng, (height, width), max(resolution * 0.6, 2), 3)
    foam = (churn * 0.95 + bow_wave * 0.6) * np.clip(0.72 + 0.4 * noise, 0, 1)
    board.alpha = np.clip(foam * 235, 0, 255).astype(np.uint8)
    return board.picture()


def draw_person(
    rng: np.random.Generator, figure: Figure, paint: Colour, resolution: float
) -> List[np.ndarray]:
    """Walker: head over shoulders, arms and legs swinging, one image per phase."""
    trousers = CLOTHES[int(rng.integers(len(CLOTHES)))]
    hair = vary(rng, (60, 46, 34), 18)
    pictures = []
    for phase in range(STEPS):
        swing = np.sin(2 * np.pi * phase / STEPS) * figure.length
        board = Board(figure.length * 2.4, figure.width * 1.3, resolution, shade(paint, 0.6))
        for side in (-1, 1):
            y = side * figure.width * 0.17
            leg = [(-0.05, y), (side * swing * 0.75, y)]
            board.line(leg, shade(trousers, 0.8), figure.width * 0.22, opaque=True)
            y = side * figure.width * 0.42
            arm = [(0.0, y), (-side * swing * 0.55, y * 0.9)]
            board.line(arm, SKIN, figure.width * 0.15, opaque=True)
        trunk = rounded_rectangle(figure.length * 0.62, figure.width, 2.6)
        board.solid([tuple(p) for p in trunk], shade(paint, 0.85))
        board.fill([(a * 0.7 - 0.01, b * 0.8) for a, b in trunk], shade(paint, 1.08))
        head = rounded_rectangle(figure.length * 0.46, figure.length * 0.4, 2)
        board.solid([(a + 0.04, b) for a, b in head], hair)
        pictures.append(board.picture())
    return pictures


def draw_cyclist(
    rng: np.random.Generator, figure: Figure, paint: Colour, resolution: float
) -> List[np.ndarray]:
    """Pedalling cyclist, one image per phase."""
    helmet = CLOTHES[int(rng.integers(len(CLOTHES)))]
    pictures = []
    for phase in range(STEPS):
        push = np.sin(2 * np.pi * phase / STEPS) * 0.14
        length, width = figure.length, figure.width
        board = Board(length, width * 1.1, resolution, shade(paint, 0.6))
        board.line([(-length * 0.48, 0), (length * 0.48, 0)], (34, 34, 36), 0.11, opaque=True)
        bar = [(length * 0.27, -width * 0.42), (length * 0.27, width * 0.42)]
        board.line(bar, (50, 50, 54), 0.09, opaque=True)
        for side in (-1, 1):
            y = side * width * 0.2
            board.line([(-0.1, y), (0.12 + side * push, y)], (46, 50, 66), 0.17, opaque=True)
            board.line(
                [(0.1, side * width * 0.34), (length * 0.25, side * width * 0.36)], SKIN, 0.1, True
            )
        trunk = rounded_rectangle(length * 0.36, width * 0.86, 2.8)
        board.solid([(a - 0.08, b) for a, b in trunk], shade(paint, 0.88))
        board.fill([(a * 0.7 - 0.1, b * 0.75) for a, b in trunk], shade(paint, 1.1))
        head = rounded_rectangle(0.3, 0.24, 2)
        board.solid([(a + length * 0.1, b) for a, b in head], helmet)
        pictures.append(board.picture())
    return pictures


def draw_drone(
    rng: np.random.Generator, figure: Figure, paint: Colour, resolution: float
) -> List[np.ndarray]:
    """Quadcopter with blurred rotors, one image per phase."""
    arm = figure.length * 0.34
    lamp = vary(rng, (230, 60, 50), 10)
    pictures = []
    for phase in range(STEPS):
        board = Board(figure.length * 1.25, figure.width * 1.25, resolution, shade(paint, 0.5))
        tips: List[Tuple[float, float]] = [(arm, arm), (arm, -arm), (-arm, arm), (-arm, -arm)]
        for x, y in tips:
            disc = rounded_rectangle(figure.length * 0.5, figure.length * 0.5, 2)
            board.fill([(a + x, b + y) for a, b in disc], (120, 122, 124))
            board.cut([(a + x, b + y) for a, b in disc], 150)
        for number, (x, y) in enumerate(tips):
            turn = phase * 0.9 + number
            blade = np.array([np.cos(turn), np.sin(turn)]) * figure.length * 0.24
            board.line(
                [(x - blade[0], y - blade[1]), (x + blade[0], y + blade[1])],
                (60, 60, 62),
                0.05,
                True,
            )
            board.line([(0, 0), (x, y)], shade(paint, 0.7), 0.07, opaque=True)
        body = rounded_rectangle(figure.length * 0.46, figure.width * 0.26, 3)
        board.solid([tuple(p) for p in body], paint)
        board.fill([(a * 0.6, b * 0.5) for a, b in body], shade(paint, 1.25))
        board.rectangle(figure.length * 0.18, 0, 0.07, 0.1, lamp)
        pictures.append(board.picture())
    return pictures


def draw_bird(
    rng: np.random.Generator, figure: Figure, paint: Colour, resolution: float
) -> List[np.ndarray]:
    """Gull-like bird beating its wings, one image per phase."""
    pale = mix(paint, (238, 238, 236), 0.7)
    grey = vary(rng, (150, 154, 160), 12)
    pictures = []
    for phase in range(STEPS):
        beat = 0.5 - 0.5 * np.cos(2 * np.pi * phase / STEPS)
        span, length = figure.width / 2 * (1 - 0.32 * beat), figure.length
        board = Board(length * 1.6, figure.width * 1.05, resolution, shade(pale, 0.7))
        for side in (-1, 1):
            wing = [
                (0.16 * length, 0.03),
                (0.3 * length, span * 0.45),
                (-0.02 * length, span),
                (-0.02 * length, span * 0.6),
                (-0.16 * length, 0.03),
            ]
            board.solid([(x, side * y) for x, y in wing], grey)
            tip = [
                (0.17 * length, span * 0.72),
                (-0.02 * length, span),
                (-0.03 * length, span * 0.8),
            ]
            board.fill([(x, side * y) for x, y in tip], (44, 44, 48))
        tail = [(-0.2 * length, 0), (-0.5 * length, 0.09), (-0.5 * length, -0.09)]
        board.solid(tail, shade(pale, 0.9))
        body = rounded_rectangle(length * 0.8, 0.15, 2)
        board.solid([(a + 0.06 * length, b) for a, b in body], pale)
        board.solid([(a * 0.12 + length * 0.49, b * 0.4) for a, b in body], (226, 170, 60))
        pictures.append(board.picture())
    return pictures
