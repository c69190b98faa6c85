"""Buildings and single objects."""

from typing import List

import numpy as np

from .colours import (
    CARS,
    CLOTHES,
    DARK,
    GLASS,
    STEEL,
    darker,
    draw_colour,
    faces,
    palette,
    stripes,
    windows,
)
from .solids import Paint, Solids
from .view import Figure, Maker, still

_PITCHES = (8.0, 90.0)
WALLS = palette('c4baa8:3 965c48:2 dcd8ce:3 807e7a:2 aa9678:2 60544c:1 bea06e:1')
ROOFS = palette('783e30:3 464242:3 6e6054:2 56625c:1 a09c96:1')


def house(rng: np.random.Generator) -> Figure:
    """House or hut with a pitched roof, some with a chimney or a wing."""
    L, W, H = rng.uniform(4, 16), rng.uniform(4, 9), rng.uniform(2.4, 7)
    wall, roof = draw_colour(rng, WALLS), draw_colour(rng, ROOFS)
    paint = windows(wall, darker(GLASS, 1.2), 2.7, rng.uniform(1.8, 3), 0.45)
    parts = Solids().box((-L / 2, -W / 2, 0), (L / 2, W / 2, H), paint)
    ridge, eaves, hip = H + W * rng.uniform(0.2, 0.5), 0.4, rng.uniform(0, 0.3) * L
    tiles = stripes(roof, darker(roof, 0.85), 2, 0.35)
    corners = [
        (x, y, H - 0.1)
        for x in (-L / 2 - eaves, L / 2 + eaves)
        for y in (-W / 2 - eaves, W / 2 + eaves)
    ]
    parts.hull([*corners, (-L / 2 + hip, 0, ridge), (L / 2 - hip, 0, ridge)], tiles)
    if rng.random() < 0.6:
        x = rng.uniform(-0.3, 0.3) * L
        parts.box((x, 0.3, H), (x + 0.7, 1.0, ridge + 0.8), darker(wall, 0.8))
    if rng.random() < 0.4:
        corner = (0.45 * L, W / 2 + rng.uniform(2, 4), 0.7 * H)
        parts.box((0.1 * L, W / 2, 0), corner, faces(wall, roof))
    return still('buildings', parts, _PITCHES)


def block(rng: np.random.Generator) -> Figure:
    """Block of flats, offices or hall with a flat roof."""
    L, W = rng.uniform(8, 40), rng.uniform(8, 22)
    H = rng.uniform(4, 14) if rng.random() < 0.5 else rng.uniform(15, 60)
    wall, top = draw_colour(rng, WALLS), draw_colour(rng, ROOFS)
    pane, rise = darker(GLASS, rng.uniform(0.8, 1.8)), rng.uniform(2.8, 4)
    grid = windows(wall, pane, rise, rng.uniform(1.5, 4), rng.uniform(0.4, 0.75))

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return np.where((normals[:, 2] > 0.7)[:, None], top, grid(points, normals))  # type: ignore[operator]

    parts = Solids().box((-L / 2, -W / 2, 0), (L / 2, W / 2, H), paint, 0.1)
    if rng.random() < 0.4:
        corner = (rng.uniform(-0.2, 0.3) * L, W / 2, H * rng.uniform(1.1, 1.6))
        parts.box((-L / 2, -W / 2, H), corner, paint, 0.1)
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.uniform(-0.4, 0.3) * L, rng.uniform(-0.4, 0.3) * W
        parts.box((x, y, H), (x + 2.5, y + 2, H + rng.uniform(0.8, 3)), draw_colour(rng, WALLS))
    return still('buildings', parts, _PITCHES)


def tower(rng: np.random.Generator) -> Figure:
    """Lighthouse, chimney, silo, water tower, church tower or mast."""
    kind, H = str(rng.choice(['light', 'silo', 'water', 'church', 'mast'])), rng.uniform(10, 40)
    wall = draw_colour(rng, WALLS)
    banded = stripes(wall, draw_colour(rng, CARS), 2, H / rng.integers(2, 6))
    paint: Paint = banded if rng.random() < 0.5 else wall
    if kind == 'light':
        parts = Solids().limb((0, 0, 0), (0, 0, H), 0.09 * H, paint, 0.055 * H)
        parts.disc((0, 0, H), (0, 0, 1), 0.085 * H, 0.03 * H, DARK)
        parts.ball((0, 0, H * 1.08), [0.05 * H] * 3, GLASS, 0.9)
    elif kind == 'silo':
        parts = Solids()
        for n in range(int(rng.integers(1, 4))):
            parts.limb((0.3 * H * n, 0, 0), (0.3 * H * n, 0, H * 0.7), 0.14 * H, wall, gloss=0.2)
    elif kind == 'water':
        parts = Solids().ball((0, 0, H), (0.22 * H, 0.22 * H, 0.16 * H), paint, 0.2)
        parts.limb((0, 0, 0), (0, 0, H), 0.04 * H, STEEL)
        for a in (0.7, 2.3, 3.9, 5.5):
            x, y = H * np.cos(a), H * np.sin(a)
            parts.limb((0.2 * x, 0.2 * y, 0), (0.13 * x, 0.13 * y, H), 0.015 * H, STEEL)
    elif kind == 'church':
        s = 0.14 * H
        parts = Solids().box((-s, -s, 0), (s, s, 0.65 * H), windows(wall, DARK, 0.2 * H, s, 0.35))
        eaves = [(x, y, 0.65 * H) for x in (-s, s) for y in (-s, s)]
        parts.hull([*eaves, (0, 0, H)], draw_colour(rng, ROOFS))
        nave = faces(wall, draw_colour(rng, ROOFS))
        parts.box((-5 * s, -1.3 * s, 0), (-s, 1.3 * s, 0.3 * H), nave)
    else:
        parts = Solids()
        for x in (-0.1 * H, 0.1 * H):
            for y in (-0.1 * H, 0.1 * H):
                parts.limb((x, y, 0), (0, 0, H), 0.012 * H, paint)
        for level in (0.2, 0.4, 0.6, 0.8):
            r = 0.1 * H * (1 - level)
            ring = [(-r, -r), (r, -r), (r, r), (-r, r), (-r, -r)]
            for a, b in zip(ring, ring[1:]):
                parts.limb((*a, level * H), (*b, level * H), 0.008 * H, STEEL)
        parts.disc((0.05 * H, 0, 0.85 * H), (1, 0, 0.2), 0.06 * H, 0.03 * H, (0.8, 0.8, 0.8))
    return still('buildings', parts, _PITCHES)


def sundry(rng: np.random.Generator) -> Figure:
    """Ball, buoy, barrel, container, bin, cone, parasol, tent, balloon, bench or crate."""
    colour, other = draw_colour(rng, CARS), draw_colour(rng, CLOTHES)
    banded = stripes(colour, other, 2, 0.4)
    kind = int(rng.integers(9))
    if kind == 0:
        parts = Solids().ball((0, 0, 0), [0.5] * 3, stripes(colour, other, 0, 0.5), 0.4)
        parts.limb((0, 0, 0), (0, 0, rng.uniform(0, 1.2)), 0.1, other)
    elif kind == 1:
        parts = Solids().limb((0, 0, 0), (0, 0, 0.7), 0.5, banded, 0.3)
        parts.limb((0, 0, 0.7), (0, 0, 1.7), 0.08, colour)
        parts.ball((0, 0, 1.8), [0.2] * 3, other)
    elif kind == 2:
        parts = Solids()
        for n in range(int(rng.integers(1, 4))):
            parts.disc((0.65 * n, 0, 0.45), (0, 0, 1), 0.3, 0.9, banded, 0.3)
    elif kind == 3:
        ribs = stripes(colour, darker(colour, 0.8), 0, 0.35)
        parts = Solids()
        for n in range(int(rng.integers(1, 3))):
            parts.box((-3, -1.2, 2.6 * n), (3, 1.2, 2.6 * n + 2.55), ribs if n == 0 else other, 0.2)
    elif kind == 4:
        parts = Solids().box((-0.3, -0.35, 0.05), (0.3, 0.35, 1.0), colour, 0.3, (1.15, 1.1))
        parts.box((-0.36, -0.42, 1.0), (0.36, 0.42, 1.1), darker(colour, 0.7), 0.3)
    elif kind == 5:
        banded = stripes((0.85, 0.85, 0.85), (0.15, 0.35, 0.85), 2, 0.3)
        parts = Solids().limb((0, 0, 0.1), (0, 0, 0.8), 0.22, banded, 0.04)
        parts.box((-0.3, -0.3, 0), (0.3, 0.3, 0.06), DARK)
    elif kind == 6:
        ring = [(1.5 * np.cos(a), 1.5 * np.sin(a), 2.2) for a in np.arange(8) * np.pi / 4]
        parts = Solids().hull([*ring, (0, 0, 2.8), (0.1, 0, 2.78)], stripes(colour, other, 0, 0.9))
        parts.limb((0, 0, 0), (0, 0, 2.7), 0.04, STEEL)
    elif kind == 7:
        base = [(x, y, 0) for x in (-1.5, 1.5) for y in (-1.1, 1.1)]
        paint = faces(colour, other, 0.85)
        parts = Solids().hull([*base, (-1.3, 0, 1.5), (1.3, 0, 1.5)], paint)
    else:
        sides = stripes(colour, other, 0, rng.uniform(1, 3))
        parts = Solids().ball((0, 0, 9), (5, 5, 5.5), sides)
        parts.limb((0, 0, 5.5), (0, 0, 2.4), 3.4, sides, 0.8)
        parts.box((-0.8, -0.8, 0), (0.8, 0.8, 1.2), (0.2, 0.35, 0.5))
        for x in (-0.7, 0.7):
            for y in (-0.7, 0.7):
                parts.limb((x, y, 1.2), (1.2 * x, 1.2 * y, 2.6), 0.05, DARK)
    return still('objects', parts, _PITCHES)


BUILDINGS: List[Maker] = [house, block, tower]
OBJECTS: List[Maker] = [sundry]
