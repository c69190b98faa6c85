"""Drones, aeroplanes and helicopters in flight."""

from typing import List, Tuple

import numpy as np

from .colours import CARS, DARK, GLASS, PALE, STEEL, darker, draw_colour
from .solids import Paint, Solids, placed
from .view import Figure, Maker


def drone(rng: np.random.Generator) -> Figure:
    """Drone with four, six or eight rotors; it tilts."""
    arms, reach = int(rng.choice([4, 4, 4, 6, 8])), rng.uniform(0.16, 0.4)
    colour = draw_colour(rng, CARS)
    rotor = rng.uniform(0.35, 0.6) * reach * (4 / arms) ** 0.5
    body = rng.uniform(0.25, 0.45) * reach
    low, high = (-1.3 * body, -body, -0.4 * body), (1.3 * body, body, 0.5 * body)
    parts = Solids().box(low, high, colour, 0.4, (0.7, 0.7))
    parts.ball((1.1 * body, 0, -0.6 * body), [0.35 * body] * 3, DARK, 0.5)
    for angle in (np.arange(arms) + 0.5) * 2 * np.pi / arms:
        tip = np.array([reach * np.cos(angle), reach * np.sin(angle), 0.15 * reach])
        parts.limb((0, 0, 0), tip, 0.06 * reach, darker(colour, 0.7), 0.04 * reach)
        hub = tip + np.array([0, 0, 0.03 * reach])
        parts.disc(hub, (0, 0, 1), rotor, 0.025 * reach, (0.35, 0.35, 0.35))
        parts.limb(tip, tip - np.array([0, 0, 0.12 * reach]), 0.06 * reach, DARK)
    for side in (-1, 1):
        skid = [(x, side * 0.9 * body, -1.6 * body) for x in (-body, body)]
        parts.limb(skid[0], skid[1], 0.03 * reach, DARK)
        parts.limb(skid[0], (0, side * 0.6 * body, 0), 0.025 * reach, DARK)

    def solids(phase: float) -> Solids:
        return placed(parts, pitch=0.2 * np.sin(phase), roll=0.2 * np.sin(1.7 * phase))

    return Figure('aircraft', solids, (-40.0, 90.0))


def wing(
    span: float, root: float, tip: float, sweep: float, at: Tuple[float, float], paint: Paint
) -> Solids:
    """Two wings with their roots at x, z."""
    x, z = at
    thick = 0.06 * root
    parts = Solids()
    for side in (-1, 1):
        end = (x - sweep, side * span / 2, z + 0.04 * span)
        points = [(x + root / 2, 0, z - thick), (x + root / 2, 0, z)]
        points += [(x - root / 2, 0, z - thick), (x, 0, z + thick)]
        points += [(end[0] + side * tip / 2, end[1], end[2]) for side in (1, -1)]
        points.append((end[0], end[1], end[2] + 0.3 * thick))
        parts.hull(points, paint, 0.3)
    return parts


def aeroplane(rng: np.random.Generator) -> Figure:
    """Airliner, light aeroplane, glider or fixed-wing drone; it banks."""
    L = rng.uniform(4, 12)
    girth, slim = L * rng.uniform(0.05, 0.075), rng.random() < 0.5
    colour, trim = (PALE if rng.random() < 0.6 else draw_colour(rng, CARS)), draw_colour(rng, CARS)
    parts = Solids().limb(
        (-0.42 * L, 0, 0.04 * L), (0.1 * L, 0, 0), 0.4 * girth, colour, girth, 0.4
    )
    parts.limb((0.1 * L, 0, 0), (0.46 * L, 0, -0.01 * L), girth, colour, 0.6 * girth, 0.4)
    parts.ball((0.3 * L, 0, 0.6 * girth), (0.1 * L, 0.6 * girth, 0.7 * girth), GLASS, 0.9)
    sweep = 0.3 * L if slim else rng.uniform(0, 0.05) * L
    span, height = rng.uniform(0.9, 1.6) * L, rng.choice([-0.5, 0.9]) * girth
    parts += wing(span, 0.22 * L, 0.08 * L, sweep, (0.08 * L, height), colour)
    parts += wing(0.36 * L, 0.12 * L, 0.06 * L, 0.3 * sweep, (-0.4 * L, 0.04 * L), trim)
    fin = [(-0.46 * L, y, z) for y, z in ((-0.01 * L, 0), (0.01 * L, 0), (0, 0.2 * L))]
    parts.hull([*fin, (-0.3 * L, 0, 0.03 * L), (-0.4 * L, 0, 0.2 * L)], trim)
    if slim:
        for y in (-0.2 * L, 0.2 * L):
            parts.limb((-0.02 * L, y, -0.06 * L), (0.08 * L, y, -0.06 * L), 0.035 * L, STEEL)

    def solids(phase: float) -> Solids:
        return placed(parts, roll=0.4 * np.sin(phase), pitch=0.1 * np.sin(1.3 * phase))

    return Figure('aircraft', solids, (-60.0, 90.0))


def helicopter(rng: np.random.Generator) -> Figure:
    """Helicopter with turning blades."""
    colour, trim = draw_colour(rng, CARS), draw_colour(rng, CARS)

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return np.where(((points[:, 0] > 0.9) & (points[:, 2] > -0.2))[:, None], GLASS, colour)

    body = Solids().ball((0.3, 0, 0), (1.9, 0.85, 0.9), paint, 0.6)
    body.limb((-0.8, 0, 0.3), (-4.6, 0, 0.5), 0.45, colour, 0.15, 0.4)
    fin = [(-4.3, -0.05, 0.4), (-4.3, 0.05, 0.4), (-4.9, 0, 1.6), (-4.6, 0.03, 1.6)]
    body.hull([*fin, (-4.8, 0, -0.2)], trim)
    body.limb((-0.2, 0, 0.7), (-0.2, 0, 1.25), 0.12, STEEL)
    body.disc((-4.7, 0.2, 0.9), (0, 1, 0), 0.6, 0.03, STEEL)
    for side in (-1, 1):
        body.limb((-1.2, side * 0.9, -1.3), (1.4, side * 0.9, -1.3), 0.06, DARK)
        for x in (-0.6, 0.7):
            body.limb((x, side * 0.5, -0.6), (x, side * 0.9, -1.3), 0.05, DARK)

    def solids(phase: float) -> Solids:
        blades = Solids()
        for turn in phase * 3 + np.arange(4) * np.pi / 2:
            tip = np.array([4.6 * np.cos(turn) - 0.2, 4.6 * np.sin(turn), 1.3])
            blades.limb((-0.2, 0, 1.25), tip, 0.07, DARK, 0.05)
        return placed(body + blades, pitch=0.1 * np.sin(phase), roll=0.15 * np.sin(0.7 * phase))

    return Figure('aircraft', solids, (-30.0, 90.0))


AIRCRAFT: List[Maker] = [drone, aeroplane, helicopter]
