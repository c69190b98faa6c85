"""People: a skeleton of joint angles, clothed."""

from dataclasses import dataclass, replace
from typing import Optional, Sequence, Tuple

import numpy as np

from .colours import CLOTHES, HAIRS, SKINS, Palette, darker, draw_colour, stripes
from .solids import Colour, Paint, Solid, Solids

Pair = Tuple[float, float]  # left, right


@dataclass(frozen=True)
class Stance:
    """Joint angles in radians, in the plane that the person faces unless noted.

    Attributes:
        hips: Thighs forward from straight down.
        knees: Bend backwards.
        spread: Thighs to the side.
        shoulders: Upper arms forward of the trunk.
        elbows: Bend forwards.
        abduct: Upper arms to the side.
        lean: Trunk forward from upright.
        bow: Head forward of the trunk.
    """

    hips: Pair = (0.0, 0.0)
    knees: Pair = (0.05, 0.05)
    spread: Pair = (0.05, 0.05)
    shoulders: Pair = (0.0, 0.0)
    elbows: Pair = (0.15, 0.15)
    abduct: Pair = (0.12, 0.12)
    lean: float = 0.03
    bow: float = 0.1


@dataclass(frozen=True)
class Person:
    """Build and clothes."""

    height: float
    girth: float
    shirt: Paint
    trousers: Colour
    skin: Colour
    hair: Colour
    shoes: Colour
    sleeve: float  # share of the arm's two parts that is covered, 0 to 2
    leg: float  # likewise
    skirt: float  # length over the height; 0 for none
    long_hair: bool
    hat: Optional[Colour]
    brim: bool
    pack: Optional[Colour]
    bag: Optional[Colour]


def draw_person(rng: np.random.Generator) -> Person:
    """Random person; one in ten is a child."""
    shirt: Paint = draw_colour(rng, CLOTHES)
    if rng.random() < 0.15:
        shirt = stripes(
            draw_colour(rng, CLOTHES), draw_colour(rng, CLOTHES), 2, rng.uniform(0.06, 0.3)
        )
    child = rng.random() < 0.1

    def chance(share: float, table: Palette) -> Optional[Colour]:
        return draw_colour(rng, table) if rng.random() < share else None

    return Person(
        height=rng.uniform(1.05, 1.45) if child else rng.normal(1.72, 0.09),
        girth=float(np.clip(rng.normal(1.0, 0.14), 0.75, 1.45)),
        shirt=shirt,
        trousers=draw_colour(rng, CLOTHES),
        skin=draw_colour(rng, SKINS),
        hair=draw_colour(rng, HAIRS),
        shoes=draw_colour(rng, CLOTHES),
        sleeve=float(rng.choice([0.0, 0.7, 2.0, 2.0])),
        leg=float(rng.choice([0.6, 1.0, 2.0, 2.0, 2.0])),
        skirt=float(rng.uniform(0.2, 0.42)) if rng.random() < 0.18 else 0.0,
        long_hair=bool(rng.random() < 0.35),
        hat=chance(0.25, CLOTHES),
        brim=bool(rng.random() < 0.4),
        pack=chance(0.22, CLOTHES),
        bag=chance(0.15, CLOTHES),
    )


def walking(phase: float, vigour: float = 1.0) -> Stance:
    """Stance of a gait; above a vigour of 1.5 it is a run."""
    run = max(min(vigour - 1, 1.0), 0.0)
    swing, bend = 0.42 + 0.35 * run, 0.85 + 0.7 * run
    turns = np.array([phase, phase + np.pi])
    hips = swing * np.sin(turns) + 0.15 * run
    knees = 0.08 + 0.2 * run + bend * np.maximum(np.sin(turns + 1.35 + np.pi / 2), 0) ** 1.5
    arms = -(0.4 + 0.35 * run) * np.sin(turns)
    return Stance(
        hips=(hips[0], hips[1]),
        knees=(knees[0], knees[1]),
        shoulders=(arms[0], arms[1]),
        elbows=(0.25 + 1.2 * run + 0.2 * arms[0], 0.25 + 1.2 * run + 0.2 * arms[1]),
        lean=0.04 + 0.16 * run,
    )


def standing(rng: np.random.Generator) -> Tuple[Stance, Stance]:
    """Two stances between which a standing person moves."""

    def pair(mean: float, spread: float) -> Pair:
        left, right = rng.normal(mean, spread, 2)
        return float(left), float(right)

    one = Stance(
        hips=pair(0.02, 0.08),
        spread=(rng.uniform(0.02, 0.2), rng.uniform(0.02, 0.2)),
        shoulders=pair(0.1, 0.25),
        elbows=(abs(rng.normal(0.4, 0.5)), abs(rng.normal(0.4, 0.5))),
        abduct=(abs(rng.normal(0.15, 0.15)), abs(rng.normal(0.15, 0.15))),
        lean=rng.normal(0.04, 0.06),
        bow=rng.normal(0.15, 0.15),
    )
    gesture = replace(
        one,
        shoulders=(one.shoulders[0], rng.uniform(0.2, 2.6)),
        elbows=(one.elbows[0], rng.uniform(0.1, 2.0)),
        lean=one.lean + rng.normal(0, 0.08),
        bow=one.bow + rng.normal(0, 0.15),
    )
    return one, gesture


def blend(one: Stance, other: Stance, share: float) -> Stance:
    """Stance interpolated between two."""
    fields = {
        name: first + (np.array(getattr(other, name)) - first) * share
        for name, first in vars(one).items()
    }
    return Stance(**fields)


def pose(person: Person, stance: Stance) -> Solids:
    """Solids of a person whose pelvis is at the origin."""
    H, g = person.height, person.girth
    lean = stance.lean
    along = np.array([np.sin(lean), 0, np.cos(lean)])
    ahead = np.array([np.cos(lean), 0, -np.sin(lean)])
    neck = along * 0.29 * H
    solids = Solids()
    for side, number in ((1, 0), (-1, 1)):
        solids += _leg(person, stance, side, number)
        solids += _arm(person, stance, side, number, neck - along * 0.025 * H, along, ahead)
    trunk = np.stack((ahead * 0.078 * H * g, [0, 0.118 * H * g**0.7, 0], along * 0.17 * H), axis=1)
    solids.ellipsoid(along * 0.165 * H, trunk, person.shirt)
    low = np.stack((ahead * 0.074 * H * g, [0, 0.098 * H * g, 0], along * 0.075 * H), axis=1)
    solids.ellipsoid((0, 0, 0), low, person.trousers if not person.skirt else person.shirt)
    if person.skirt:
        end = along * 0.05 * H - np.array([0, 0, person.skirt * H])
        solids.limb(along * 0.05 * H, end, 0.07 * H * g, person.trousers, 0.11 * H * g)
    solids += _head(person, neck, lean + stance.bow)
    if person.pack is not None:
        at = along * 0.19 * H - ahead * 0.115 * H * g
        axes = np.stack((ahead * 0.06 * H, [0, 0.085 * H, 0], along * 0.12 * H), axis=1)
        solids.ellipsoid(at, axes, person.pack)
    return solids


def grounded(solids: Sequence[Solid]) -> Solids:
    """The solids shifted so that the lowest point is at z = 0."""
    low = min(float(solid.outline()[:, 2].min()) for solid in solids)
    return Solids(solid.moved(np.eye(3), np.array([0, 0, -low])) for solid in solids)


def _leg(person: Person, stance: Stance, side: int, number: int) -> Solids:
    H, g = person.height, person.girth**0.6
    thigh, bend, out = stance.hips[number], stance.knees[number], stance.spread[number]
    hip = np.array([0, side * 0.052 * H, 0])
    sideways = np.array([0, side * np.sin(out), 0])
    knee = hip + 0.245 * H * (np.array([np.sin(thigh), 0, -np.cos(thigh) * np.cos(out)]) + sideways)
    shin = thigh - bend
    ankle = knee + 0.245 * H * (np.array([np.sin(shin), 0, -np.cos(shin)]) + 0.5 * sideways)
    toe = ankle + 0.1 * H * np.array([np.cos(shin * 0.7), 0, np.sin(shin * 0.7) - 0.15])
    upper = person.trousers if person.leg > 0.3 else person.skin
    lower = person.trousers if person.leg > 1.5 else person.skin
    if person.skirt:
        upper = lower = person.skin
    parts = Solids().limb(hip, knee, 0.052 * H * g, upper, 0.036 * H * g)
    parts.limb(knee, ankle, 0.035 * H * g, lower, 0.023 * H * g)
    parts.limb(ankle - (toe - ankle) * 0.2, toe, 0.026 * H, person.shoes, 0.019 * H)
    return parts


def _arm(
    person: Person,
    stance: Stance,
    side: int,
    number: int,
    neck: np.ndarray,
    along: np.ndarray,
    ahead: np.ndarray,
) -> Solids:
    H, g = person.height, person.girth**0.5
    raised, bend, out = stance.shoulders[number], stance.elbows[number], stance.abduct[number]
    shoulder = neck + np.array([0, side * 0.112 * H * g, 0])
    sideways = np.array([0, side * np.sin(out), 0])

    def way(angle: float) -> np.ndarray:
        return ahead * np.sin(angle) - along * np.cos(angle)

    elbow = shoulder + 0.17 * H * (way(raised) * np.cos(out) + sideways)
    inwards = np.array([0, -side * 0.25 * np.sin(min(bend, 1.5)), 0])
    hand = elbow + 0.16 * H * (way(raised + bend) + sideways * 0.4 + inwards)
    upper = person.shirt if person.sleeve > 0.3 else person.skin
    lower = person.shirt if person.sleeve > 1.5 else person.skin
    parts = Solids().limb(shoulder, elbow, 0.033 * H * g, upper, 0.025 * H * g)
    parts.limb(elbow, hand, 0.024 * H * g, lower, 0.018 * H * g)
    parts.ball(hand + (hand - elbow) * 0.12, [0.026 * H] * 3, person.skin)
    if person.bag is not None and number == 1:
        half = 0.07 * H
        parts.box(
            hand + np.array([-half, -0.04 * H, -2.2 * half]),
            hand + np.array([half, 0.04 * H, -0.3 * half]),
            person.bag,
        )
    return parts


def _head(person: Person, neck: np.ndarray, tilt: float) -> Solids:
    H = person.height
    up = np.array([np.sin(tilt), 0, np.cos(tilt)])
    front = np.array([np.cos(tilt), 0, -np.sin(tilt)])
    centre = neck + up * 0.098 * H
    skull = np.stack((front * 0.056 * H, [0, 0.046 * H, 0], up * 0.068 * H), axis=1)
    solids = Solids().limb(neck - up * 0.02 * H, centre, 0.033 * H, person.skin)
    solids.ellipsoid(centre, skull, person.skin)
    solids.ellipsoid(centre + up * 0.014 * H - front * 0.02 * H, skull * 0.97, person.hair)
    if person.long_hair:
        fall = np.stack((front * 0.03 * H, [0, 0.048 * H, 0], up * 0.085 * H), axis=1)
        solids.ellipsoid(centre - front * 0.035 * H - up * 0.04 * H, fall, person.hair)
    if person.hat is not None:
        crown = np.stack((front * 0.062 * H, [0, 0.053 * H, 0], up * 0.045 * H), axis=1)
        solids.ellipsoid(centre + up * 0.036 * H, crown, person.hat)
        if person.brim:
            wide = np.stack((front * 0.1 * H, [0, 0.09 * H, 0], up * 0.008 * H), axis=1)
            solids.ellipsoid(centre + up * 0.03 * H, wide, darker(person.hat, 0.9))
    return solids
