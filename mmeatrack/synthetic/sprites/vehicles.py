"""Road vehicles seen from above: cars, vans, buses and trucks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List

import numpy as np

from ..noise import fractal_noise
from .drawing import Board, Colour, mix, rounded_rectangle, shade, vary

GLASS: Colour = (36, 44, 54)
PAINTS: List[Colour] = [
    (226, 227, 226), (232, 231, 226), (204, 206, 208), (150, 154, 158), (112, 116, 120),
    (60, 63, 68), (38, 39, 42), (150, 30, 32), (40, 60, 112), (28, 92, 140), (196, 160, 40),
    (60, 98, 70), (120, 92, 72), (196, 98, 40), (104, 36, 48), (170, 186, 200),
]  # fmt: skip
CANVAS: List[Colour] = [
    (120, 124, 84), (62, 88, 128), (196, 190, 176), (172, 62, 48), (84, 100, 78), (226, 226, 222),
]  # fmt: skip


@dataclass(frozen=True)
class BodyShape:
    """Shape shared by the looks of one vehicle, so that their outlines are the same.

    Attributes:
        length: Metres along the driving direction.
        width: Metres across it.
        front: Sharpness of the corners (power of the superellipse).
        cab: Length of a truck's cab or of a car's bonnet as a share of the length.
        variant: Selects the form: hatchback or saloon, box or open bed.
    """

    length: float
    width: float
    front: float
    cab: float
    variant: int


def draw_shape(rng: np.random.Generator, kind: str) -> BodyShape:
    """Random dimensions of a ``'car'``, ``'van'``, ``'bus'`` or ``'truck'``."""
    spans = {
        'car': (3.8, 4.9, 1.72, 1.92, 3.4, 0.22, 0.28),
        'van': (5.0, 6.2, 1.95, 2.1, 5.0, 0.13, 0.17),
        'bus': (9.5, 12.5, 2.5, 2.6, 9.0, 0.05, 0.07),
        'truck': (7.5, 10.5, 2.4, 2.55, 12.0, 0.2, 0.25),
    }
    low, high, narrow, wide, front, cab_low, cab_high = spans[kind]
    return BodyShape(
        rng.uniform(low, high),
        rng.uniform(narrow, wide),
        front,
        rng.uniform(cab_low, cab_high),
        int(rng.integers(3)),
    )


def draw_vehicle(
    rng: np.random.Generator, kind: str, shape: BodyShape, paint: Colour, resolution: float
) -> np.ndarray:
    """Image of a vehicle, its front towards +x, uint8 (H, W, 4)."""
    board = Board(shape.length, shape.width * 1.12, resolution, shade(paint, 0.6))
    body = rounded_rectangle(shape.length, shape.width, shape.front)
    if kind == 'car':
        # The nose is narrower than the tail.
        body[:, 1] *= 1 - 0.1 * np.clip(body[:, 0] / shape.length, -0.2, 0.5)
    board.solid([tuple(point) for point in body], paint)
    board.round_off(shape.width)
    {'car': _car, 'van': _van, 'bus': _bus, 'truck': _truck}[kind](rng, board, shape, paint)
    _weather(rng, board)
    return board.picture()


def _weather(rng: np.random.Generator, board: Board) -> None:
    height, width = board.alpha.shape
    board.texture(0.03 * fractal_noise(rng, (height, width), max(height / 2, 2), 3))


def _lamps(board: Board, shape: BodyShape, size: float = 0.16) -> None:
    front, side = shape.length / 2 - size, shape.width * 0.36
    for y in (-side, side):
        board.rectangle(front, y, size, shape.width * 0.16, (236, 236, 220))
        board.rectangle(-front, y, size * 0.8, shape.width * 0.18, (140, 22, 20))


def _pane(board: Board, x: float, length: float, rear: float, front: float, tone: float) -> None:
    """A window across the vehicle: a trapezium with a reflection on it."""
    a, b = x - length / 2, x + length / 2
    board.fill([(a, -rear / 2), (b, -front / 2), (b, front / 2), (a, rear / 2)], shade(GLASS, tone))
    streak = [(a, -rear * 0.3), (b, -front * 0.36), (b, -front * 0.2), (a, -rear * 0.16)]
    board.fill(streak, shade(GLASS, tone * 1.7))


def _car(rng: np.random.Generator, board: Board, shape: BodyShape, paint: Colour) -> None:
    length, width = shape.length, shape.width
    screen = length * (0.5 - shape.cab) - 0.25
    tail = -length * (0.3 if shape.variant else 0.4)
    # Bonnet with its two creases.
    board.rectangle(length * 0.36, 0, length * 0.2, width * 0.46, shade(paint, 1.1))
    # The glass house, then the roof on it.
    _pane(board, screen, 0.75, width * 0.74, width * 0.86, 1.0)
    _pane(board, tail, 0.55, width * 0.8, width * 0.7, 0.9)
    middle, span = (screen + tail) / 2, screen - tail
    for y in (-1, 1):
        board.rectangle(middle, y * width * 0.4, span * 0.85, width * 0.07, shade(GLASS, 0.9))
    roof = rounded_rectangle(span * 0.76, width * 0.72, 6)
    roof_colour = mix(paint, (28, 28, 30), 0.85) if rng.random() < 0.12 else shade(paint, 1.05)
    board.fill([(x + middle, y) for x, y in roof], shade(roof_colour, 0.82))
    board.fill([(x * 0.94 + middle, y * 0.92) for x, y in roof], roof_colour)
    board.rectangle(middle, -width * 0.14, span * 0.6, width * 0.1, shade(roof_colour, 1.14))
    if rng.random() < 0.3:
        board.rectangle(middle + span * 0.12, 0, span * 0.26, width * 0.42, shade(GLASS, 0.9))
    for y in (-1, 1):
        mirror = [(screen + 0.1, y * width * 0.48), (screen + 0.32, y * width * 0.555)]
        board.line(mirror, shade(paint, 0.8), 0.12, opaque=True)
    _lamps(board, shape)


def _van(rng: np.random.Generator, board: Board, shape: BodyShape, paint: Colour) -> None:
    length, width = shape.length, shape.width
    screen = length * (0.5 - shape.cab)
    _pane(board, screen, 0.65, width * 0.8, width * 0.9, 1.0)
    roof_length = screen - 0.4 + length / 2
    middle = -length / 2 + roof_length / 2 + 0.05
    board.rectangle(middle, 0, roof_length * 0.97, width * 0.86, shade(paint, 0.9))
    board.rectangle(middle, 0, roof_length * 0.95, width * 0.8, shade(paint, 1.04))
    for x in np.linspace(middle - roof_length * 0.38, middle + roof_length * 0.38, 5):
        board.rectangle(x, 0, 0.07, width * 0.72, shade(paint, 0.9))
    if shape.variant == 1:
        stripe = vary(rng, (40, 90, 150), 40)
        board.rectangle(middle, 0, roof_length * 0.9, width * 0.16, stripe)
    _lamps(board, shape, 0.14)


def _bus(rng: np.random.Generator, board: Board, shape: BodyShape, paint: Colour) -> None:
    length, width = shape.length, shape.width
    board.rectangle(0, 0, length * 0.985, width * 0.9, shade(paint, 0.88))
    top = mix(paint, (232, 232, 228), 0.55)
    board.rectangle(-0.1, 0, length * 0.95, width * 0.82, top)
    for x in (-0.3, 0.28):
        board.rectangle(length * x, 0, length * 0.13, width * 0.58, shade(top, 0.8))
        board.rectangle(length * x, 0, length * 0.11, width * 0.46, shade(top, 0.95))
    for x in (-0.08, 0.1):
        board.rectangle(length * x, 0, 0.8, width * 0.32, shade(top, 0.7))
    number = vary(rng, (60, 60, 66), 10)
    board.rectangle(length * 0.42, 0, 0.5, width * 0.4, number)
    board.rectangle(length / 2 - 0.12, 0, 0.16, width * 0.84, GLASS)
    _lamps(board, shape, 0.12)


def _truck(rng: np.random.Generator, board: Board, shape: BodyShape, paint: Colour) -> None:
    length, width = shape.length, shape.width
    cab = length * shape.cab
    gap = length / 2 - cab
    board.rectangle(gap - 0.2, 0, 0.45, width * 1.02, (44, 44, 46))
    board.rectangle(length / 2 - cab * 0.45, 0, cab * 0.7, width * 0.8, shade(paint, 1.08))
    board.rectangle(length / 2 - 0.3, 0, 0.36, width * 0.88, GLASS)
    load_length = gap - 0.4 + length / 2
    x = -length / 2 + load_length / 2
    load = vary(rng, CANVAS[int(rng.integers(len(CANVAS)))], 10)
    if shape.variant == 2:
        _open_bed(rng, board, x, load_length, width)
    else:
        board.rectangle(x, 0, load_length, width, shade(load, 0.86))
        board.rectangle(x, 0, load_length * 0.98, width * 0.9, load)
        board.rectangle(x, -width * 0.2, load_length * 0.97, width * 0.2, shade(load, 1.08))
        for rib in np.linspace(-0.46, 0.46, 8):
            board.rectangle(x + rib * load_length, 0, 0.08, width * 0.92, shade(load, 0.84))
    _lamps(board, shape, 0.12)


def _open_bed(
    rng: np.random.Generator, board: Board, x: float, length: float, width: float
) -> None:
    """Tipper's bed filled with sand, gravel or soil."""
    board.rectangle(x, 0, length, width, (96, 96, 92))
    board.rectangle(x, 0, length * 0.95, width * 0.86, (52, 48, 44))
    heap = vary(rng, (150, 128, 96), 22)
    for size, tone in ((0.86, 0.8), (0.66, 0.95), (0.4, 1.12)):
        lump = rounded_rectangle(length * size, width * 0.82 * size, 2.6)
        wobble = 1 + 0.08 * rng.standard_normal(len(lump))
        board.fill([(px * k + x, py * k) for (px, py), k in zip(lump, wobble)], shade(heap, tone))
