"""All that moves besides the target: traffic, passers-by and look-alikes."""
from __future__ import annotations

from dataclasses import dataclass
from typing import List

import numpy as np

from .noise import ease, smooth_curve
from .roads import LANE
from .route import Route
from .scenario import Scenario
from .sprite import Sprite
from .targets import KINDS, make_target, random_paint


@dataclass
class Actor:
    """Something that moves over the ground.

    Attributes:
        sprite: Its picture.
        points: Positions (N, 2) in world pixels.
        headings: Directions (N,) in radians.
        lookalike: Whether it is of the target's kind.
    """

    sprite: Sprite
    points: np.ndarray
    headings: np.ndarray
    lookalike: bool


def _along(route: Route, arc: np.ndarray, lateral: np.ndarray, sprite: Sprite, alike: bool) -> Actor:
    """An actor at distances along the route and to its right, facing where it moves."""
    direction = route.headings(arc)
    normal = np.stack([-np.sin(direction), np.cos(direction)], 1)
    points = route.at(arc) + normal * lateral[:, None]
    motion = np.gradient(points, axis=0) if len(points) > 1 else np.zeros((1, 2))
    backwards = float(np.mean(np.gradient(arc))) < 0 if len(arc) > 1 else False
    heading = direction + (np.pi if backwards else 0.0)
    # Sideways drift turns the body a little; the hull does not spin where it almost stands.
    speed = np.linalg.norm(motion, axis=1)
    moving = speed > 0.05 * max(float(speed.max()), 1e-6)
    drift = np.arctan2(motion[:, 1], motion[:, 0]) - heading
    drift = np.arctan2(np.sin(drift), np.cos(drift))
    turned = heading + np.where(moving & (np.abs(drift) < 0.7), drift, 0.0)
    return Actor(sprite, points, turned, alike)


def make_rivals(
    rng: np.random.Generator, scenario: Scenario, route: Route, target: Sprite, scale: float,
    resolution: float, paint: tuple,
) -> List[Actor]:
    """Look-alikes of the target: one overtakes, the next follows, the last comes towards it."""
    length, width = target.extent()
    span = np.sqrt(length * width) * scale
    gap = LANE * scale if KINDS[scenario.kind].path == 'road' else 1.25 * max(length, width) * scale
    num_frames = len(route.arc)
    rivals = []
    for number in range(scenario.rivals):
        sprite = make_target(rng, scenario.kind, resolution, paint)
        side = -1.0
        if number == 0:
            middle = rng.uniform(0.4, 0.6)
            pass_by = (np.linspace(0, 1, num_frames) - middle) * rng.uniform(8, 12) * span
            arc = route.arc + pass_by * (1 if rng.random() < 0.5 else -1)
            lateral = np.full(num_frames, side * gap)
        elif number == 1:
            behind = length * scale * rng.uniform(1.5, 1.9) + 0.3 * span * smooth_curve(rng, num_frames, 30)
            arc = route.arc - behind
            lateral = 0.05 * gap * smooth_curve(rng, num_frames, 24)
        else:
            meet = route.arc[int(num_frames * rng.uniform(0.3, 0.7))]
            speed = (route.arc[-1] - route.arc[0]) / max(num_frames - 1, 1)
            crossing = int(num_frames * rng.uniform(0.3, 0.7))
            arc = meet - (np.arange(num_frames) - crossing) * speed
            lateral = np.full(num_frames, side * gap * (2.1 if rivals else 1.0))
        rivals.append(_along(route, arc, lateral, sprite, True))
    return rivals


def make_traffic(
    rng: np.random.Generator, scenario: Scenario, route: Route, target: Sprite, scale: float,
    resolution: float,
) -> List[Actor]:
    """Others of the same surroundings, at a distance from the target."""
    path = KINDS[scenario.kind].path
    kinds = {
        'road': ('car', 'car', 'van', 'truck'),
        'path': ('person', 'person', 'cyclist'),
        'water': ('boat',),
        'air': (scenario.kind,),
    }[path]
    num_frames = len(route.arc)
    length = target.extent()[0] * scale
    speed = (route.arc[-1] - route.arc[0]) / max(num_frames - 1, 1)
    traffic = []
    for number in range(scenario.traffic):
        kind = kinds[int(rng.integers(len(kinds)))]
        sprite = make_target(rng, kind, resolution, random_paint(rng, kind))
        room = sprite.extent()[0] * scale / 2 + length / 2
        if path == 'road' and rng.random() < 0.4:
            # In the same lane, well ahead or behind, at the same pace.
            ahead = (room + rng.uniform(2.5, 7) * length) * (1 if number % 2 else -1)
            arc = route.arc + ahead + 0.4 * length * smooth_curve(rng, num_frames, 40)
            lateral = np.zeros(num_frames)
        elif path == 'road':
            start = route.arc[0] + rng.uniform(0.2, 1.4) * (route.arc[-1] - route.arc[0]) + number * 3 * length
            arc = start - np.arange(num_frames) * speed * rng.uniform(0.9, 1.0)
            lateral = np.full(num_frames, -LANE * scale)
        else:
            away = (3.2 + 2.2 * number) * length * (1 if rng.random() < 0.5 else -1)
            toward = rng.random() < 0.5
            drift = (np.arange(num_frames) - num_frames / 2) * speed * (-2.0 if toward else 0.15)
            arc = route.arc + drift + rng.normal(0, 2 * length)
            lateral = away + 0.8 * length * smooth_curve(rng, num_frames, 40)
        traffic.append(_along(route, arc, lateral, sprite, kind == scenario.kind))
    return traffic


def fade(rng: np.random.Generator, scenario: Scenario, num_frames: int) -> np.ndarray:
    """Weight (N,) of the target's second look over time, from 0 to the scenario's change."""
    return scenario.change * ease(num_frames, rng.uniform(0.05, 0.25), rng.uniform(0.7, 0.95))
