"""Moving objects other than the target: traffic, passers-by and look-alikes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Tuple

import numpy as np

from .noise import ease, smooth_curve
from .route import Route
from .scenario import Scenario
from .scenery.roads import LANE
from .sprites.drawing import Colour
from .sprites.sprite import Sprite
from .sprites.targets import KINDS, make_target, make_wake, random_paint


@dataclass
class Actor:
    """Object that moves over the ground.

    Attributes:
        sprite: Its sprite.
        points: Positions (N, 2) in world pixels.
        headings: Directions (N,) in radians.
        lookalike: Whether it is of the same kind as the target.
        wake: Foam behind a boat; None for other kinds.
    """

    sprite: Sprite
    points: np.ndarray
    headings: np.ndarray
    lookalike: bool
    wake: Optional[Sprite] = None


def along_route(
    route: Route, arc: np.ndarray, lateral: np.ndarray, sprite: Sprite, alike: bool
) -> Actor:
    """Actor at distances along the route and offsets to its right, facing its motion."""
    direction = route.headings(arc)
    normal = np.stack([-np.sin(direction), np.cos(direction)], 1)
    points = route.at(arc) + normal * lateral[:, None]
    motion = np.gradient(points, axis=0) if len(points) > 1 else np.zeros((1, 2))
    backwards = float(np.mean(np.gradient(arc))) < 0 if len(arc) > 1 else False
    heading = direction + (np.pi if backwards else 0.0)
    # Sideways drift turns the body slightly; an actor that almost stands still does not spin.
    speed = np.linalg.norm(motion, axis=1)
    moving = speed > 0.05 * max(float(speed.max()), 1e-6)
    drift = np.arctan2(motion[:, 1], motion[:, 0]) - heading
    drift = np.arctan2(np.sin(drift), np.cos(drift))
    turned = heading + np.where(moving & (np.abs(drift) < 0.7), drift, 0.0)
    return Actor(sprite, points, turned, alike)


def make_rivals(
    rng: np.random.Generator,
    scenario: Scenario,
    route: Route,
    target: Sprite,
    scale: float,
    resolution: float,
    paint: Colour,
) -> List[Actor]:
    """Look-alikes of the target: the first passes it, the others stay close ahead or behind."""
    length, width = target.extent()
    on_road = KINDS[scenario.kind].path == 'road'
    gap = (LANE if on_road else 1.25 * max(length, width)) * scale
    num_frames = len(route.arc)
    rivals = []
    for number in range(scenario.rivals):
        sprite = make_target(rng, scenario.kind, resolution, paint)
        if number == 0:
            when = rng.uniform(0.4, 0.6)
            way = rng.uniform(8, 12) * float(np.sqrt(length * width)) * scale
            passing = (np.linspace(0, 1, num_frames) - when) * way
            arc = route.arc + passing * (1 if rng.random() < 0.5 else -1)
            lateral = np.full(num_frames, -gap)
        else:
            side = -1 if number % 2 else 1
            away = rng.uniform(1.5, 1.9) + 0.15 * smooth_curve(rng, num_frames, 30)
            arc = route.arc + side * away * max(length, width) * scale
            lateral = 0.05 * gap * smooth_curve(rng, num_frames, 24)
        rivals.append(along_route(route, arc, lateral, sprite, True))
    add_wakes(rng, scenario, rivals)
    return rivals


def add_wakes(rng: np.random.Generator, scenario: Scenario, actors: List[Actor]) -> None:
    """Add a wake of foam to each boat."""
    if scenario.kind == 'boat':
        for actor in actors:
            actor.wake = make_wake(rng, actor.sprite)


_COMPANY = {
    'road': ('car', 'car', 'van', 'truck'),
    'path': ('person', 'person', 'cyclist'),
    'water': ('boat',),
}


def make_traffic(
    rng: np.random.Generator,
    scenario: Scenario,
    route: Route,
    target: Sprite,
    scale: float,
    resolution: float,
) -> List[Actor]:
    """Traffic that suits the surroundings, each actor at its own distance from the target."""
    path = KINDS[scenario.kind].path
    kinds = _COMPANY.get(path, (scenario.kind,))
    chosen = [kinds[int(rng.integers(len(kinds)))] for _ in range(scenario.traffic)]
    sprites = [make_target(rng, kind, resolution, random_paint(rng, kind)) for kind in chosen]
    # A common length keeps their places apart.
    length = max(max(sprite.extent()) for sprite in [target, *sprites]) * scale
    start, pace = rng.uniform(0.3, 0.5), rng.uniform(0.9, 1.0)
    # A passing look-alike has the opposite lane to itself.
    lanes = 1 if scenario.rivals else 2
    traffic = []
    for number, (kind, sprite) in enumerate(zip(chosen, sprites)):
        if path != 'road':
            arc, lateral = _beside(rng, route, number, length)
        elif number % lanes == 0:
            arc, lateral = _same_lane(rng, route, number // lanes, length)
        else:
            arc, lateral = _oncoming(route, number // lanes, length, start, pace, scale)
        traffic.append(along_route(route, arc, lateral, sprite, kind == scenario.kind))
    add_wakes(rng, scenario, traffic)
    return traffic


def _same_lane(
    rng: np.random.Generator, route: Route, place: int, length: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Arc and lateral offset (N,) in the target's lane at its pace, well ahead or behind."""
    ahead = (3.2 + 1.9 * (place // 2) + rng.uniform(0, 0.3)) * length
    ahead *= 1 if place % 2 == 0 else -1
    arc = route.arc + ahead + 0.15 * length * smooth_curve(rng, len(route.arc), 40)
    return arc, np.zeros(len(arc))


def _oncoming(
    route: Route, place: int, length: float, start: float, pace: float, scale: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Arc and lateral offset (N,) in the opposite lane, in a queue of constant pace."""
    num_frames = len(route.arc)
    way = float(route.arc[-1] - route.arc[0])
    first = float(route.arc[0]) + start * way + 2.2 * place * length
    arc = first - np.linspace(0, 1, num_frames) * way * pace
    return arc, np.full(num_frames, -LANE * scale)


def _beside(
    rng: np.random.Generator, route: Route, number: int, length: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Arc and lateral offset (N,) on a parallel path, in either direction."""
    num_frames = len(route.arc)
    away = (3.0 + 1.9 * (number // 2) + rng.uniform(0, 0.4)) * length * (1 if number % 2 else -1)
    middle = float(route.arc.mean()) + rng.normal(0, 2 * length)
    way = float(route.arc[-1] - route.arc[0]) * rng.uniform(0.5, 1.1)
    arc = middle + (np.linspace(0, 1, num_frames) - 0.5) * way * (1 if rng.random() < 0.5 else -1)
    return arc, away + 0.4 * length * smooth_curve(rng, num_frames, 40)


def fade(rng: np.random.Generator, scenario: Scenario, num_frames: int) -> np.ndarray:
    """Weight (N,) of the target's second look over time, from 0 to ``scenario.change``."""
    return scenario.change * ease(num_frames, rng.uniform(0.05, 0.25), rng.uniform(0.7, 0.95))
