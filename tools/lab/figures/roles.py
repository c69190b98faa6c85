"""People on foot, on wheels, on snow and on water."""

from dataclasses import replace
from typing import List, Tuple

import numpy as np

from .colours import CARS, CLOTHES, DARK, STEEL, darker, draw_colour
from .people import Stance, blend, draw_person, grounded, pose, standing, walking
from .solids import Colour, Solids, placed
from .view import Figure, Maker

ALL_ROUND = (5.0, 88.0)


def on_foot(rng: np.random.Generator) -> Figure:
    """Walker or runner, some with a pram."""
    person = draw_person(rng)
    vigour = float(rng.choice([1.0, 1.0, 1.0, 2.0])) + rng.uniform(-0.15, 0.15)
    pushes = rng.random() < 0.12
    colour = draw_colour(rng, CLOTHES)

    def solids(phase: float) -> Solids:
        stance = walking(phase, vigour)
        if pushes:
            stance = replace(stance, shoulders=(0.7, 0.7), elbows=(0.7, 0.7), lean=0.1)
        body = grounded(pose(person, stance))
        return body + (_pram(colour) if pushes else [])

    return Figure('people', solids, ALL_ROUND)


def _pram(colour: Colour) -> Solids:
    parts = Solids().prism([(0.6, 0.6), (1.15, 0.6), (1.25, 1.0), (0.5, 0.85)], 0.2, colour)
    for y in (-0.2, 0.2):
        parts.limb((0.55, y, 0.85), (0.4, y, 1.05), 0.02, DARK)
    for x in (0.6, 1.2):
        for y in (-0.24, 0.24):
            parts.disc((x, y, 0.14), (0, 1, 0), 0.14, 0.05, DARK)
            parts.limb((x, y * 0.9, 0.14), (0.9, y * 0.8, 0.65), 0.018, STEEL)
    return parts


def waiting(rng: np.random.Generator) -> Figure:
    """Standing person who moves arms and head, some under an umbrella."""
    person = draw_person(rng)
    one, other = standing(rng)
    umbrella = rng.random() < 0.08
    colour = draw_colour(rng, CLOTHES)

    def solids(phase: float) -> Solids:
        body = grounded(pose(person, blend(one, other, 0.5 + 0.5 * np.sin(phase))))
        if umbrella:
            H = person.height
            ring = [
                (0.55 * np.cos(a), 0.55 * np.sin(a), 1.08 * H) for a in np.arange(8) * np.pi / 4
            ]
            body.hull([*ring, (0, 0, 1.25 * H), (0.1, 0, 1.24 * H)], colour)
            body.limb((0, 0, 0.65 * H), (0, 0, 1.2 * H), 0.012, STEEL)
        return body

    return Figure('people', solids, ALL_ROUND)


def seated(rng: np.random.Generator) -> Figure:
    """Person on a chair, a box or the ground."""
    person = draw_person(rng)
    one, other = standing(rng)
    low = rng.random() < 0.3
    knees, hips = (0.5, 1.2) if low else (1.4, 1.5)
    seat = draw_colour(rng, CLOTHES)
    backed = rng.random() < 0.5

    def sit(stance: Stance) -> Stance:
        (left, right), raised = stance.hips, stance.shoulders
        return replace(
            stance,
            hips=(hips + left, hips + right),
            knees=(knees, knees + right),
            shoulders=(raised[0] + 0.4, raised[1] + 0.4),
            lean=stance.lean - 0.1,
        )

    def solids(phase: float) -> Solids:
        H = person.height
        body = pose(person, blend(sit(one), sit(other), 0.5 + 0.5 * np.sin(phase)))
        if low:
            return body
        body.box((-0.25, -0.25, -0.33 * H), (0.22, 0.25, -0.075 * H), seat)
        if backed:
            body.box((-0.3, -0.25, -0.33 * H), (-0.24, 0.25, 0.25 * H), darker(seat, 0.8))
        return body

    return Figure('people', solids, ALL_ROUND)


def in_company(rng: np.random.Generator) -> Figure:
    """Two or three people walking side by side."""
    people = [draw_person(rng) for _ in range(int(rng.choice([2, 2, 3])))]
    offsets = rng.uniform(0, 2 * np.pi, len(people))
    ahead = rng.normal(0, 0.15, len(people))

    def solids(phase: float) -> Solids:
        parts = Solids()
        for number, person in enumerate(people):
            body = grounded(pose(person, walking(phase + offsets[number])))
            parts += placed(body, (ahead[number], 0.62 * number, 0))
        return parts

    return Figure('people', solids, ALL_ROUND)


def _wheel(x: float, radius: float, hub: Colour, width: float = 0.035) -> Solids:
    angles = np.linspace(0, 2 * np.pi, 15)
    ring = [(x + radius * np.cos(a), 0.0, radius + radius * np.sin(a)) for a in angles]
    wheel = Solids()
    for a, b in zip(ring, ring[1:]):
        wheel.limb(a, b, width / 2, DARK)
    return wheel.disc((x, 0, radius), (0, 1, 0), 0.05, 0.08, hub)


def _pedal_leg(hip: np.ndarray, foot: np.ndarray, part: float) -> Tuple[float, float]:
    """Angles of thigh and knee for a position of the foot."""
    way = foot - hip
    distance = min(float(np.hypot(way[0], way[2])), 1.99 * part)
    knee = np.pi - 2 * np.arcsin(distance / (2 * part))
    direction = np.arctan2(way[0], -way[2])
    return float(direction + knee / 2), float(knee)


def cyclist(rng: np.random.Generator) -> Figure:
    """Cyclist with turning pedals, upright or bent."""
    person = draw_person(rng)
    frame = draw_colour(rng, CARS)
    lean = rng.uniform(0.25, 0.95)
    helmet = draw_colour(rng, CLOTHES)
    person = replace(person, skirt=0.0, hat=helmet, brim=False, bag=None)

    def solids(phase: float) -> Solids:
        H, radius = person.height, 0.34
        saddle, crank = np.array([-0.22, 0, 0.56 * H]), np.array([0.0, 0, 0.28])
        legs = []
        for turn in (phase, phase + np.pi):
            foot = crank + 0.17 * np.array([np.cos(turn), 0, np.sin(turn)]) + [0, 0, 0.04 * H]
            legs.append(_pedal_leg(saddle + np.array([0, 0, 0.04 * H]), foot, 0.245 * H))
        stance = Stance(
            (legs[0][0], legs[1][0]),
            (legs[0][1], legs[1][1]),
            shoulders=(1.15 - 0.25 * lean,) * 2,
            elbows=(0.35, 0.35),
            abduct=(0.15, 0.15),
            lean=lean,
            bow=-0.5 * lean,
        )
        body = placed(pose(person, stance), saddle + np.array([0, 0, 0.05 * H]))
        head = np.array([0.38, 0, 0.55 * H])
        bar = head + np.array([0.12, 0, 0.04])
        parts = _wheel(-0.5, radius, STEEL) + _wheel(0.55, radius, STEEL)
        tubes = [(saddle, crank), (crank, head), (head, saddle), (head, (0.55, 0, radius))]
        tubes += [(crank, (-0.5, 0, radius)), (saddle, (-0.5, 0, radius)), (head, bar)]
        for a, b in tubes:
            parts.limb(a, b, 0.02, frame)
        parts.limb(bar + np.array([0, -0.25, 0]), bar + np.array([0, 0.25, 0]), 0.015, DARK)
        return body + parts

    return Figure('riders', solids, (5.0, 80.0))


def motorcyclist(rng: np.random.Generator) -> Figure:
    """Motorcycle or scooter with one or two people."""
    person, second = draw_person(rng), draw_person(rng)
    colour, helmet = draw_colour(rng, CARS), draw_colour(rng, CARS)
    lean, two = rng.uniform(0.0, 0.6), rng.random() < 0.25
    height = max(person.height, 1.6)
    person = replace(person, skirt=0.0, hat=helmet, brim=False, bag=None, height=height)

    def solids(phase: float) -> Solids:
        sway = 0.1 * np.sin(phase)
        stance = Stance((1.25, 1.25), (1.35, 1.35), (0.3, 0.3), (1.0, 1.0), (0.3, 0.3), lean=lean)
        parts = placed(pose(person, stance), (-0.1, 0, 0.86))
        if two:
            parts += placed(pose(second, stance), (-0.5, 0, 0.92))
        for x in (-0.68, 0.7):
            parts.disc((x, 0, 0.31), (0, 1, 0), 0.31, 0.13, DARK)
            parts.disc((x, 0, 0.31), (0, 1, 0), 0.16, 0.15, STEEL, 0.4)
        seat = [(-0.9, -0.1, 0.8), (-0.9, 0.1, 0.8), (-0.2, -0.14, 0.7), (-0.2, 0.14, 0.7)]
        parts.hull([*seat, (-0.3, 0, 0.85), (-0.7, 0, 0.62)], darker(colour, 0.6))
        tank = [(-0.3, y, 0.8) for y in (-0.15, 0.15)] + [(0.45, y, 0.95) for y in (-0.13, 0.13)]
        parts.hull([*tank, (0.2, -0.12, 0.5), (0.2, 0.12, 0.5)], colour, 0.6)
        parts.box((-0.35, -0.16, 0.22), (0.3, 0.16, 0.6), darker(STEEL, 0.5), 0.3)
        parts.limb((0.7, 0, 0.31), (0.45, 0, 0.98), 0.06, STEEL)
        parts.limb((0.42, -0.35, 1.02), (0.42, 0.35, 1.02), 0.02, DARK)
        return placed(parts, roll=sway)

    return Figure('riders', solids, ALL_ROUND)


def gliding(rng: np.random.Generator) -> Figure:
    """Skier, snowboarder, surfer, wakeboarder, skater or paddler standing on a board."""
    what = str(rng.choice(['ski', 'snowboard', 'wakeboard', 'paddle', 'skate', 'scooter']))
    person = replace(draw_person(rng), bag=None, skirt=0.0)
    board = draw_colour(rng, CLOTHES)
    crouch, lean = rng.uniform(0.2, 0.8), rng.uniform(0.1, 0.5)
    sideways = what in ('snowboard', 'wakeboard', 'skate')

    def solids(phase: float) -> Solids:
        wave = np.sin(phase)
        bend = crouch + 0.2 * wave
        arms = (0.7, 0.7 + 0.2 * wave)
        abduct = (0.25, 0.25)
        if what == 'wakeboard':
            arms, abduct = (1.3, 1.3), (0.1, 0.1)
        elif sideways:
            arms, abduct = (0.3, 0.3), (0.9 + 0.3 * wave, 0.9 - 0.3 * wave)
        tilt = -0.25 if what == 'wakeboard' else lean
        spread = (0.35, 0.35) if sideways else (0.1, 0.1)
        hips, knees = (bend, bend + 0.1 * wave), (1.6 * bend,) * 2
        stance = Stance(hips, knees, spread, arms, (0.6, 0.5), abduct, tilt, bow=0.0)
        body = grounded(pose(person, stance))
        H = person.height
        length = {'ski': 1.7, 'paddle': 3.0, 'skate': 0.8, 'scooter': 0.9}.get(what, 1.45)
        width = {'paddle': 0.38, 'ski': 0.045, 'scooter': 0.08}.get(what, 0.14)
        outline = [(0.5, 0.0), (0.38, 0.8), (-0.38, 0.8), (-0.5, 0.0)]
        plank = [
            (length * x, side * width * y, z)
            for x, y in outline
            for side in (-1, 1)
            for z in (-0.05, 0.0)
        ]
        deck = Solids().hull(
            np.array(plank) + np.random.default_rng(1).normal(0, 1e-4, (16, 3)), board, 0.3
        )
        parts = Solids()
        if what == 'ski':
            for y in (-0.1, 0.1):
                parts += placed(deck, (0.1, y, 0))
                parts.limb((0.3, 2.8 * y, 0.55 * H), (-0.35, 3.4 * y, 0.05), 0.012, STEEL)
            return body + parts
        if what == 'paddle':
            top = np.array([0.25 + 0.2 * wave, 0.25, 0.75 * H])
            parts.limb(top, (0.5 - 0.4 * wave, 0.45, -0.1), 0.02, DARK)
        if what == 'scooter':
            parts.limb((0.42, 0, 0.0), (0.36, 0, 0.62 * H), 0.025, DARK)
            for x in (-0.42, 0.45):
                parts.disc((x, 0, -0.03), (0, 1, 0), 0.09, 0.04, DARK)
        return body + parts + placed(deck, yaw=np.pi / 2 if sideways else 0.0)

    return Figure('riders', solids, (5.0, 80.0))


ROLES: List[Maker] = [
    on_foot,
    waiting,
    seated,
    in_company,
    cyclist,
    motorcyclist,
    gliding,
]
