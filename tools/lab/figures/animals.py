"""Quadrupeds, horse riders and birds."""

from dataclasses import replace
from typing import List, Tuple

import numpy as np

from .colours import CLOTHES, DARK, darker, draw_colour, palette
from .people import Stance, draw_person, grounded, pose
from .solids import Colour, Paint, Solids, placed
from .view import Figure, Maker

COATS = palette('5c3c26:3 8c6440:2 28201c:3 cdc8be:2 787068:2 aa8254:1 a0542c:1')
PLUMAGE = palette('f0f0ec:3 242428:3 6e7076:2 785c42:2 bebab2:1 3c5060:1')


_RIDING = Stance((0.75, 0.75), (0.9, 0.9), (0.5, 0.5), (0.5, 0.5), (0.9, 0.9))


def quadruped(rng: np.random.Generator) -> Figure:
    """Dog, horse, cow, sheep or deer at a walk or trot, some horses with a rider."""
    kind = str(rng.choice(['dog', 'dog', 'horse', 'horse', 'cow', 'sheep', 'deer']))
    # Height of the back; length, girth, neck and head relative to it; rise of the neck.
    tall, long, girth, neck, head, rise = {
        'dog': (rng.uniform(0.35, 0.7), 1.1, 0.2, 0.35, 0.3, 0.9),
        'horse': (1.5, 1.05, 0.2, 0.55, 0.36, 0.95),
        'cow': (1.4, 1.15, 0.25, 0.35, 0.34, 0.3),
        'sheep': (0.75, 1.1, 0.33, 0.25, 0.26, 0.6),
        'deer': (1.0, 1.05, 0.18, 0.5, 0.28, 1.1),
    }[kind]
    coat: Paint = draw_colour(rng, COATS)
    legs: Colour = darker(coat, 0.75)  # type: ignore[arg-type]
    if (kind == 'cow' and rng.random() < 0.6) or (kind == 'dog' and rng.random() < 0.3):
        coat = _patches(rng, tall)
    ridden = kind == 'horse' and rng.random() < 0.5
    rider = replace(draw_person(rng), skirt=0.0, bag=None, pack=None)
    vigour, grazing = rng.uniform(0.2, 0.6), not ridden and rng.random() < 0.25

    def solids(phase: float) -> Solids:
        r, back = girth * tall, 0.78 * tall
        half = long * tall / 2
        parts = Solids().limb((-half + r, 0, back), (half - r, 0, back), r, coat, 1.05 * r)
        lift = -0.7 if grazing else rise + 0.1 * np.sin(phase)
        up = np.array([np.cos(lift), 0, np.sin(lift)])
        top = np.array([half - r, 0, back]) + up * neck * tall
        parts.limb((half - r, 0, back + 0.2 * r), top, 0.8 * r, coat, 0.45 * r)
        nose = top + head * tall * np.array([np.cos(lift - 1.3), 0, np.sin(lift - 1.3)])
        parts.limb(top, nose, 0.42 * r, coat, 0.26 * r)
        for side in (-1, 1):
            ear = top + np.array([0, side * 0.3 * r, 0.2 * r])
            tip = top + np.array([-0.1 * r, side * 0.5 * r, 0.75 * r])
            parts.limb(ear, tip, 0.14 * r, legs, 0.03 * r)
            for x, offset in ((half - 1.1 * r, 0.0), (-half + 1.0 * r, np.pi / 2)):
                step = phase + offset + (np.pi if side > 0 else 0)
                swing = vigour * np.sin(step)
                shin = swing - 0.5 * vigour * max(np.cos(step), 0)
                hip = np.array([x, side * 0.6 * r, back - 0.3 * r])
                knee = hip + 0.36 * tall * np.array([np.sin(swing), 0, -np.cos(swing)])
                hoof = knee + 0.37 * tall * np.array([np.sin(shin), 0, -np.cos(shin)])
                parts.limb(hip, knee, 0.4 * r, coat, 0.2 * r)
                parts.limb(knee, hoof, 0.17 * r, legs, 0.14 * r)
        tail = np.array([-half, 0, back + 0.4 * r])
        drop = -0.9 if kind != 'dog' else 0.6 * np.sin(2 * phase)
        end = tail + 0.32 * tall * np.array([-0.5, 0.1 * np.sin(phase), drop])
        parts.limb(tail, end, 0.14 * r, legs, 0.08 * r)
        if ridden:
            stance = replace(_RIDING, lean=0.05 + 0.1 * np.sin(phase))
            parts += placed(pose(rider, stance), (0, 0, back + r + 0.08))
        return grounded(parts)

    return Figure('animals', solids, (5.0, 85.0))


def _patches(rng: np.random.Generator, tall: float) -> Paint:
    """Paint of a pied coat."""
    dark, waves = draw_colour(rng, COATS), rng.normal(0, 4 / tall, (3, 3))
    shift, level = rng.uniform(0, 6, 3), rng.uniform(-0.6, 0.6)

    def paint(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        spotted = np.sin(points @ waves + shift).sum(axis=1) > level
        return np.where(spotted[:, None], dark, (0.85, 0.87, 0.88))

    return paint


def flying_bird(rng: np.random.Generator) -> Figure:
    """Gull, crow, goose or bird of prey that beats its wings or glides."""
    colour, under = draw_colour(rng, PLUMAGE), draw_colour(rng, PLUMAGE)
    tip = DARK if rng.random() < 0.5 else darker(colour, 0.8)
    span, chord = rng.uniform(2.0, 3.6), rng.uniform(0.3, 0.55)
    neck, sweep = rng.uniform(0.1, 0.7), rng.uniform(-0.1, 0.5)
    beat = rng.uniform(0.15, 0.9)

    def coat(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return np.where((normals[:, 2] < -0.2)[:, None], under, colour)

    def solids(phase: float) -> Solids:
        parts = Solids().ball((0, 0, 0), (0.5, 0.16, 0.15), coat)
        parts.limb((0.35, 0, 0.02), (0.45 + neck, 0, 0.06), 0.11, colour, 0.08)
        parts.limb((0.45 + neck, 0, 0.06), (0.62 + neck, 0, 0.03), 0.06, (0.2, 0.55, 0.75), 0.01)
        tail = [(-0.35, -0.08, 0), (-0.35, 0.08, 0.02), (-0.85, -0.2, 0), (-0.85, 0.2, 0)]
        parts.hull([*tail, (-0.6, 0, 0.05)], tip)
        rise, fold = beat * np.sin(phase) + 0.1, beat * np.sin(phase - 0.9)
        angle, arm = rise + fold * 0.8, 0.5 * span / 2
        for side in (-1, 1):
            inner = np.array([-0.05, side * arm * np.cos(rise), arm * np.sin(rise)])
            outer = inner + np.array([-sweep, side * arm * np.cos(angle), arm * np.sin(angle)])
            parts += _vane((0, side * 0.08, 0.04), inner, chord, chord * 0.9, coat)
            parts += _vane(inner, outer, chord * 0.9, 0.25 * chord, tip)
        return parts

    return Figure('birds', solids, (-70.0, 90.0))


def _vane(
    a: Tuple[float, float, float], b: np.ndarray, root: float, end: float, paint: Paint
) -> Solids:
    points = []
    for middle, chord, rise in ((a, root, 0.05), (b, end, 0.02)):
        offsets = np.array([[chord / 2, 0, 0], [-chord / 2, 0, 0], [0.1 * chord, 0, rise]])
        points.append(np.asarray(middle, float) + offsets)
    return Solids().hull(np.concatenate(points), paint)


def standing_bird(rng: np.random.Generator) -> Figure:
    """Bird that walks or swims: pigeon, duck, goose, heron."""
    colour, wing = draw_colour(rng, PLUMAGE), draw_colour(rng, PLUMAGE)
    legs, neck, swims = rng.uniform(0.1, 0.6), rng.uniform(0.1, 0.6), rng.random() < 0.4
    bill = draw_colour(rng, CLOTHES)

    def solids(phase: float) -> Solids:
        nod = 0.1 * np.sin(phase)
        parts = Solids().ball((0, 0, 0), (0.42, 0.2, 0.2), colour)
        for side in (-1, 1):
            parts.ball((-0.1, side * 0.1, 0.05), (0.42, 0.13, 0.14), wing)
        top = np.array([0.35 + nod, 0, 0.2 + neck])
        parts.limb((0.3, 0, 0.05), top, 0.12, colour, 0.08)
        parts.ball(top + np.array([0.05, 0, 0.03]), [0.1, 0.08, 0.09], wing)
        root, point = top + np.array([0.1, 0, 0.02]), top + np.array([0.28, 0, -0.02])
        parts.limb(root, point, 0.04, bill, 0.01)
        parts.limb((-0.35, 0, 0.05), (-0.6, 0, 0.08), 0.1, wing, 0.04)
        if not swims:
            for side in (-1, 1):
                foot = np.array([0.15 * side * np.sin(phase), side * 0.08, -0.2 - legs])
                parts.limb((0, side * 0.08, -0.1), foot, 0.025, (0.2, 0.35, 0.6))
                parts.limb(foot, foot + np.array([0.12, 0, 0]), 0.025, (0.2, 0.35, 0.6))
        return parts

    return Figure('birds', solids, (5.0, 85.0))


ANIMALS: List[Maker] = [quadruped]
BIRDS: List[Maker] = [flying_bird, flying_bird, standing_bird]
