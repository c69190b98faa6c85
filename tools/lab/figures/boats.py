"""Boats and their crews."""

from dataclasses import replace
from typing import List, Sequence

import numpy as np

from .colours import CARS, CLOTHES, DARK, GLASS, PALE, STEEL, darker, draw_colour, faces, windows
from .people import Stance, draw_person, pose
from .solids import Paint, Solids, placed
from .view import Figure, Maker

WATER = (5.0, 90.0)


def ship_hull(
    length: float, beam: float, depth: float, paint: Paint, bow: float = 0.3, gloss: float = 0.3
) -> Solids:
    """Hull with its deck at z = depth and its bow at +x."""
    half, wide = length / 2, beam / 2
    deck = [(-half, 0.85), (-half * 0.3, 1.0)]
    deck += [(half * (1 - 2 * bow) + 0.01, 0.95), (half * 0.8, 0.5)]
    points = [(x, side * wide * share, depth) for x, share in deck for side in (-1, 1)]
    points += [(x * 0.92, side * wide * share * 0.75, 0.0) for x, share in deck for side in (-1, 1)]
    return Solids().hull([*points, (half, 0, depth * 1.02), (half * 0.86, 0, 0)], paint, gloss)


def _crew(rng: np.random.Generator, stance: Stance, at: Sequence[float], yaw: float = 0) -> Solids:
    person = replace(draw_person(rng), skirt=0.0, bag=None)
    return placed(pose(person, stance), at, yaw=yaw)


SITTING = Stance((1.5, 1.5), (1.3, 1.3), shoulders=(0.7, 0.7), elbows=(0.6, 0.6))


def motorboat(rng: np.random.Generator) -> Figure:
    """Open, cabin or inflatable motorboat with its crew; it pitches."""
    L = rng.uniform(3.8, 11)
    W, D = L * rng.uniform(0.26, 0.38), 0.5 + 0.06 * L
    side = PALE if rng.random() < 0.5 else draw_colour(rng, CARS)
    deck = draw_colour(rng, CLOTHES) if rng.random() < 0.4 else (0.7, 0.74, 0.76)
    parts = ship_hull(L, W, D, faces(side, deck))
    if rng.random() < 0.3:
        tube = draw_colour(rng, CARS)
        shares = ((-0.5, 0.5), (0.25, 0.5), (0.52, 0), (0.25, -0.5), (-0.5, -0.5))
        corners = [(x * L, y * W) for x, y in shares]
        for a, b in zip(corners, corners[1:]):
            parts.limb((*a, D), (*b, D + 0.1 * (b[0] > 0)), 0.09 * W + 0.1, tube, gloss=0.3)
    if L > 5.5 and rng.random() < 0.7:
        high = rng.uniform(0.7, 1.6)
        cabin = windows(PALE, GLASS, 0.9 * high, 1.3, 0.6)
        parts.box((-0.25 * L, -0.33 * W, D), (0.2 * L, 0.33 * W, D + high), cabin, 0.4, (0.75, 0.8))
        if rng.random() < 0.4:
            parts.limb((-0.1 * L, 0, D + high), (-0.15 * L, 0, D + 2.2 * high), 0.04, STEEL)
    else:
        parts.box((0.02 * L, -0.2 * W, D), (0.1 * L, 0.2 * W, D + 0.6), GLASS, 0.8, (0.6, 0.9))
        for number in range(int(rng.integers(1, 4))):
            x, y = -0.08 * L - 0.12 * L * number, rng.uniform(-0.2, 0.2) * W
            parts += _crew(rng, SITTING, (x, y, D + 0.25))
    parts.box((-L / 2 - 0.3, -0.18, 0.1), (-L / 2 + 0.05, 0.18, D + 0.4), DARK, 0.4)

    def solids(phase: float) -> Solids:
        return placed(parts, pitch=-0.05 + 0.05 * np.sin(phase), roll=0.07 * np.sin(1.3 * phase))

    return Figure('boats', solids, WATER)


def sailboat(rng: np.random.Generator) -> Figure:
    """Sailing boat or windsurfer with one or two sails; it heels."""
    L = rng.uniform(3.5, 12)
    W, D, mast = 0.3 * L, 0.09 * L + 0.2, 1.25 * L
    side = draw_colour(rng, CARS) if rng.random() < 0.6 else PALE
    sail = (0.88, 0.9, 0.9) if rng.random() < 0.7 else draw_colour(rng, CLOTHES)
    swing = rng.uniform(-0.5, 0.5)
    deck = (0.45, 0.6, 0.7) if rng.random() < 0.4 else PALE
    parts = ship_hull(L, W, D, faces(side, deck))
    parts.box((-0.2 * L, -0.2 * W, D), (0.15 * L, 0.2 * W, D + 0.05 * L), PALE, 0.3, (0.8, 0.8))
    parts.limb((0.08 * L, 0, D), (0.08 * L, 0, D + mast), 0.012 * L, STEEL, 0.006 * L)
    end = np.array([0.08 * L - 0.45 * L * np.cos(swing), 0.45 * L * np.sin(swing), D + 0.09 * L])
    lee = L * np.sign(swing)
    belly = (end + np.array([0.08 * L, 0, D + 0.09 * L])) / 2 + [0, 0.05 * lee, 0.3 * L]
    foot = (0.07 * L, 0, D + 0.09 * L)
    top = (0.07 * L, 0, D + 0.97 * mast)
    if rng.random() < 0.8:
        parts.hull([foot, end, top, belly, end + np.array([0, 0.02, 0.02])], sail)
    if rng.random() < 0.6:
        jib = [(0.48 * L, 0, D + 0.05), (0.06 * L, 0.12 * lee, D + 0.1 * L)]
        jib += [(0.1 * L, 0, D + 0.8 * mast), (0.25 * L, 0.08 * lee, D + 0.3 * L)]
        parts.hull(jib, sail)
    parts += _crew(rng, SITTING, (-0.3 * L, 0.2 * W, D + 0.2), 1.2)
    heel = rng.uniform(0, 0.35) * np.sign(swing)

    def solids(phase: float) -> Solids:
        return placed(parts, roll=heel + 0.07 * np.sin(phase), pitch=0.04 * np.cos(phase))

    return Figure('boats', solids, WATER)


def ship(rng: np.random.Generator) -> Figure:
    """Cargo ship, ferry or fishing boat."""
    L = rng.uniform(14, 90)
    W, D = L * rng.uniform(0.15, 0.26), 0.06 * L + 0.8
    side = draw_colour(rng, CARS)
    parts = ship_hull(L, W, D, faces(side, darker(draw_colour(rng, CLOTHES), 0.8)), 0.15)
    house = windows(PALE, GLASS, 0.035 * L + 0.5, 0.03 * L + 0.6)
    if rng.random() < 0.4:
        low, high = (-0.45 * L, -0.42 * W, D), (0.3 * L, 0.42 * W, D + 0.1 * L)
        parts.box(low, high, house, 0.2, (0.9, 0.95))
        parts.box((-0.25 * L, -0.3 * W, D + 0.1 * L), (0.1 * L, 0.3 * W, D + 0.15 * L), house, 0.2)
        parts.box((-0.15 * L, -0.1 * W, D + 0.15 * L), (-0.05 * L, 0.1 * W, D + 0.21 * L), side)
    else:
        aft = -0.42 * L if rng.random() < 0.6 else 0.12 * L
        parts.box((aft, -0.4 * W, D), (aft + 0.16 * L, 0.4 * W, D + 0.15 * L), house, 0.2)
        parts.limb((aft + 0.08 * L, 0, D), (aft + 0.08 * L, 0, D + 0.27 * L), 0.008 * L, STEEL)
        if rng.random() < 0.7 and aft < 0:
            for start in np.arange(-0.22, 0.32, 0.11) * L:
                for row in (-0.42, 0.02):
                    high = D + rng.choice([0.04, 0.08, 0.12]) * L
                    low = (start, row * W, D)
                    parts.box(low, (start + 0.1 * L, (row + 0.4) * W, high), draw_colour(rng, CARS))
    return Figure('boats', lambda phase: placed(parts, roll=0.03 * np.sin(phase)), WATER)


def paddler(rng: np.random.Generator) -> Figure:
    """Kayak or canoe with a paddling crew."""
    crew = int(rng.choice([1, 1, 2, 4]))
    L, W = 2.4 + 1.25 * crew, rng.uniform(0.55, 0.8) if crew < 4 else 0.7
    colour = draw_colour(rng, CLOTHES)
    people = [replace(draw_person(rng), skirt=0.0, bag=None) for _ in range(crew)]
    paint = faces(colour, darker(colour, 0.75), 0.9)
    body = Solids().ball((0, 0, 0.1), (L / 2, W / 2, 0.24), paint, 0.4)

    def solids(phase: float) -> Solids:
        parts = Solids(body)
        beat = np.sin(phase)
        for number, person in enumerate(people):
            x = (crew - 1) * 0.6 - 1.2 * number - 0.2
            stance = Stance(
                (1.45, 1.45),
                (0.15, 0.15),
                shoulders=(1.0 + 0.4 * beat, 1.0 - 0.4 * beat),
                elbows=(0.6, 0.6),
                abduct=(0.3, 0.3),
                lean=0.1 + 0.1 * np.cos(phase),
            )
            parts += placed(pose(person, stance), (x, 0, 0.22))
            left = np.array([x + 0.4 + 0.3 * beat, 1.0, 0.55 + 0.45 * beat])
            right = np.array([x + 0.4 - 0.3 * beat, -1.0, 0.55 - 0.45 * beat])
            parts.limb(left, right, 0.02, DARK)
            for end in (left, right):
                parts.ball(end, (0.09, 0.22, 0.07), darker(colour, 0.9))
        return placed(parts, roll=0.05 * beat)

    return Figure('boats', solids, WATER)


def jet_ski(rng: np.random.Generator) -> Figure:
    """Jet ski with one or two people."""
    colour, trim = draw_colour(rng, CARS), draw_colour(rng, CARS)
    parts = ship_hull(2.9, 1.1, 0.5, faces(colour, trim), 0.3, 0.6)
    parts.prism([(-1.2, 0.5), (-1.1, 0.8), (0.3, 0.8), (0.9, 0.5)], 0.25, DARK)
    parts.prism([(0.3, 0.5), (0.3, 1.05), (1.3, 0.5)], 0.3, trim, 0.6)
    lean = rng.uniform(0, 0.5)
    stance = Stance((1.2, 1.2), (1.3, 1.3), (0.35, 0.35), (0.9, 0.9), (0.4, 0.4), lean=lean)
    parts += _crew(rng, stance, (-0.2, 0, 0.95))
    if rng.random() < 0.3:
        parts += _crew(rng, stance, (-0.75, 0, 0.98))

    def solids(phase: float) -> Solids:
        return placed(parts, pitch=-0.1 + 0.1 * np.sin(phase), roll=0.15 * np.sin(0.7 * phase))

    return Figure('boats', solids, WATER)


BOATS: List[Maker] = [motorboat, sailboat, ship, paddler, jet_ski]
