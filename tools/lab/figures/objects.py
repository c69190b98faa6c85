"""Buildings and single objects."""

from typing import Callable, List

import numpy as np

from .colours import CARS, CLOTHES, DARK, GLASS, STEEL, darker, draw_colour, faces, stripes, windows
from .solids import Paint, Solid, ball, box, disc, hull, limb
from .view import Figure

Solids = List[Solid]
WALLS = {
    (196, 186, 168): 3,
    (150, 92, 72): 2,
    (220, 216, 206): 3,
    (128, 126, 122): 2,
    (170, 150, 120): 2,
    (96, 84, 76): 1,
    (190, 160, 110): 1,
}
ROOFS = {(120, 62, 48): 3, (70, 66, 66): 3, (110, 96, 84): 2, (86, 98, 92): 1, (160, 156, 150): 1}


def house(rng: np.random.Generator) -> Figure:
    """House or hut with a pitched roof, a chimney, sometimes a wing."""
    L, W, H = rng.uniform(4, 16), rng.uniform(4, 9), rng.uniform(2.4, 7)
    wall, roof = draw_colour(rng, WALLS), draw_colour(rng, ROOFS)
    paint = windows(wall, darker(GLASS, 1.2), 2.7, rng.uniform(1.8, 3), 0.45)
    parts: Solids = [box((-L / 2, -W / 2, 0), (L / 2, W / 2, H), paint)]
    ridge, eaves, hip = H + W * rng.uniform(0.2, 0.5), 0.4, rng.uniform(0, 0.3) * L
    tiles = stripes(roof, darker(roof, 0.85), 2, 0.35)
    corners = [
        (x, y, H - 0.1)
        for x in (-L / 2 - eaves, L / 2 + eaves)
        for y in (-W / 2 - eaves, W / 2 + eaves)
    ]
    parts.append(hull([*corners, (-L / 2 + hip, 0, ridge), (L / 2 - hip, 0, ridge)], tiles))
    if rng.random() < 0.6:
        x = rng.uniform(-0.3, 0.3) * L
        parts.append(box((x, 0.3, H), (x + 0.7, 1.0, ridge + 0.8), darker(wall, 0.8)))
    if rng.random() < 0.4:
        parts.append(
            box(
                (0.1 * L, W / 2, 0),
                (0.45 * L, W / 2 + rng.uniform(2, 4), 0.7 * H),
                faces(wall, roof),
            )
        )
    return _still('buildings', parts)


def block(rng: np.random.Generator) -> Figure:
    """Flats, offices or a hall with a flat roof."""
    L, W = rng.uniform(8, 40), rng.uniform(8, 22)
    H = rng.uniform(4, 14) if rng.random() < 0.5 else rng.uniform(15, 60)
    wall, top = draw_colour(rng, WALLS), draw_colour(rng, ROOFS)
    grid = windows(
        wall,
        darker(GLASS, rng.uniform(0.8, 1.8)),
        rng.uniform(2.8, 4),
        rng.uniform(1.5, 4),
        rng.uniform(0.4, 0.75),
    )

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return np.where((normals[:, 2] > 0.7)[:, None], top, grid(points, normals))  # type: ignore[operator]

    parts: Solids = [box((-L / 2, -W / 2, 0), (L / 2, W / 2, H), paint, 0.1)]
    if rng.random() < 0.4:
        parts.append(
            box(
                (-L / 2, -W / 2, H),
                (rng.uniform(-0.2, 0.3) * L, W / 2, H * rng.uniform(1.1, 1.6)),
                paint,
                0.1,
            )
        )
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.uniform(-0.4, 0.3) * L, rng.uniform(-0.4, 0.3) * W
        parts.append(
            box((x, y, H), (x + 2.5, y + 2, H + rng.uniform(0.8, 3)), draw_colour(rng, WALLS))
        )
    return _still('buildings', parts)


def tower(rng: np.random.Generator) -> Figure:
    """Lighthouse, chimney, silo, water tower, church tower or mast."""
    kind, H = str(rng.choice(['light', 'silo', 'water', 'church', 'mast'])), rng.uniform(10, 40)
    wall = draw_colour(rng, WALLS)
    banded = stripes(wall, draw_colour(rng, CARS), 2, H / rng.integers(2, 6))
    paint: Paint = banded if rng.random() < 0.5 else wall
    if kind == 'light':
        parts: Solids = [limb((0, 0, 0), (0, 0, H), 0.09 * H, paint, 0.055 * H)]
        parts += [
            disc((0, 0, H), (0, 0, 1), 0.085 * H, 0.03 * H, DARK),
            ball((0, 0, H * 1.08), [0.05 * H] * 3, GLASS, 0.9),
        ]
    elif kind == 'silo':
        parts = [
            limb((0.3 * H * n, 0, 0), (0.3 * H * n, 0, H * 0.7), 0.14 * H, wall, gloss=0.2)
            for n in range(int(rng.integers(1, 4)))
        ]
    elif kind == 'water':
        parts = [
            ball((0, 0, H), (0.22 * H, 0.22 * H, 0.16 * H), paint, 0.2),
            limb((0, 0, 0), (0, 0, H), 0.04 * H, STEEL),
        ]
        parts += [
            limb(
                (0.2 * H * np.cos(a), 0.2 * H * np.sin(a), 0),
                (0.13 * H * np.cos(a), 0.13 * H * np.sin(a), H),
                0.015 * H,
                STEEL,
            )
            for a in (0.7, 2.3, 3.9, 5.5)
        ]
    elif kind == 'church':
        s = 0.14 * H
        parts = [box((-s, -s, 0), (s, s, 0.65 * H), windows(wall, DARK, 0.2 * H, s, 0.35))]
        parts.append(
            hull(
                [(x, y, 0.65 * H) for x in (-s, s) for y in (-s, s)] + [(0, 0, H)],
                draw_colour(rng, ROOFS),
            )
        )
        parts.append(
            box((-5 * s, -1.3 * s, 0), (-s, 1.3 * s, 0.3 * H), faces(wall, draw_colour(rng, ROOFS)))
        )
    else:
        parts = [
            limb((x, y, 0), (0, 0, H), 0.012 * H, paint)
            for x in (-0.1 * H, 0.1 * H)
            for y in (-0.1 * H, 0.1 * H)
        ]
        for level in (0.2, 0.4, 0.6, 0.8):
            r = 0.1 * H * (1 - level)
            ring = [(-r, -r), (r, -r), (r, r), (-r, r), (-r, -r)]
            parts += [
                limb((*a, level * H), (*b, level * H), 0.008 * H, STEEL)
                for a, b in zip(ring, ring[1:])
            ]
        parts.append(
            disc((0.05 * H, 0, 0.85 * H), (1, 0, 0.2), 0.06 * H, 0.03 * H, (0.8, 0.8, 0.8))
        )
    return _still('buildings', parts)


def sundry(rng: np.random.Generator) -> Figure:
    """Ball, buoy, barrel, container, bin, cone, parasol, tent, balloon, bench or crate."""
    colour, other = draw_colour(rng, CARS), draw_colour(rng, CLOTHES)
    banded = stripes(colour, other, 2, 0.4)
    kind = int(rng.integers(9))
    if kind == 0:
        parts: Solids = [
            ball((0, 0, 0), [0.5] * 3, stripes(colour, other, 0, 0.5), 0.4),
            limb((0, 0, 0), (0, 0, rng.uniform(0, 1.2)), 0.1, other),
        ]
    elif kind == 1:
        parts = [
            limb((0, 0, 0), (0, 0, 0.7), 0.5, banded, 0.3),
            limb((0, 0, 0.7), (0, 0, 1.7), 0.08, colour),
            ball((0, 0, 1.8), [0.2] * 3, other),
        ]
    elif kind == 2:
        parts = [
            disc((0.65 * n, 0, 0.45), (0, 0, 1), 0.3, 0.9, banded, 0.3)
            for n in range(int(rng.integers(1, 4)))
        ]
    elif kind == 3:
        ribs = stripes(colour, darker(colour, 0.8), 0, 0.35)
        parts = [
            box((-3, -1.2, 2.6 * n), (3, 1.2, 2.6 * n + 2.55), ribs if n == 0 else other, 0.2)
            for n in range(int(rng.integers(1, 3)))
        ]
    elif kind == 4:
        parts = [
            box((-0.3, -0.35, 0.05), (0.3, 0.35, 1.0), colour, 0.3, (1.15, 1.1)),
            box((-0.36, -0.42, 1.0), (0.36, 0.42, 1.1), darker(colour, 0.7), 0.3),
        ]
    elif kind == 5:
        parts = [
            limb(
                (0, 0, 0.1),
                (0, 0, 0.8),
                0.22,
                stripes((0.85, 0.85, 0.85), (0.15, 0.35, 0.85), 2, 0.3),
                0.04,
            ),
            box((-0.3, -0.3, 0), (0.3, 0.3, 0.06), DARK),
        ]
    elif kind == 6:
        ring = [(1.5 * np.cos(a), 1.5 * np.sin(a), 2.2) for a in np.arange(8) * np.pi / 4]
        parts = [
            hull([*ring, (0, 0, 2.8), (0.1, 0, 2.78)], stripes(colour, other, 0, 0.9)),
            limb((0, 0, 0), (0, 0, 2.7), 0.04, STEEL),
        ]
    elif kind == 7:
        parts = [
            hull(
                [(x, y, 0) for x in (-1.5, 1.5) for y in (-1.1, 1.1)]
                + [(-1.3, 0, 1.5), (1.3, 0, 1.5)],
                faces(colour, other, 0.85),
            )
        ]
    else:
        sides = stripes(colour, other, 0, rng.uniform(1, 3))
        parts = [
            ball((0, 0, 9), (5, 5, 5.5), sides),
            limb((0, 0, 5.5), (0, 0, 2.4), 3.4, sides, 0.8),
            box((-0.8, -0.8, 0), (0.8, 0.8, 1.2), (0.2, 0.35, 0.5)),
        ]
        parts += [
            limb((x, y, 1.2), (1.2 * x, 1.2 * y, 2.6), 0.05, DARK)
            for x in (-0.7, 0.7)
            for y in (-0.7, 0.7)
        ]
    return _still('objects', parts)


def _still(kind: str, parts: Solids) -> Figure:
    return Figure(kind, lambda phase: parts, (8.0, 90.0), steps=False)


BUILDINGS: List[Callable[[np.random.Generator], Figure]] = [house, block, tower]
OBJECTS: List[Callable[[np.random.Generator], Figure]] = [sundry]
