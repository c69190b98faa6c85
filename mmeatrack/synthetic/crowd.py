"""Crowds: look-alikes of the target that are targets too."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Tuple

import numpy as np

from .actors import Actor, add_wakes, along_route
from .noise import smooth_curve
from .route import Route
from .scenario import Scenario
from .scenery.roads import LANE
from .sprites.drawing import Colour
from .sprites.sprite import Sprite
from .sprites.targets import KINDS, make_target

# Side of the square per target in the frame, in target sizes.
_ROOM = 3.6
_SMALLEST = 12.0


def make_room(scenario: Scenario, frame_size: Tuple[int, int], targets: int) -> Scenario:
    """Scenario whose frames have room for several targets, without other traffic.

    Args:
        scenario: Settings for one target.
        frame_size: Width and height in pixels.
        targets: Number of targets.
    """
    share = float(np.sqrt(frame_size[0] * frame_size[1] / targets)) / _ROOM
    size = max(min(scenario.size, share), _SMALLEST)
    return replace(scenario, size=size, rivals=0, traffic=0)


def make_crowd(
    rng: np.random.Generator,
    scenario: Scenario,
    route: Route,
    target: Sprite,
    scale: float,
    resolution: float,
    paint: Colour,
    count: int,
) -> List[Actor]:
    """Look-alikes of the target, of the same kind and paint.

    On a road they alternate between the target's lane and oncoming traffic. Elsewhere they
    alternate between moving alongside the target and crossing its path.

    Args:
        rng: Random generator.
        scenario: Settings of the sequence.
        route: The target's route in world pixels.
        target: The target's sprite.
        scale: World pixels per metre.
        resolution: Pixels per metre of the sprites.
        paint: The target's main colour.
        count: Number of look-alikes.
    """
    sprites = [make_target(rng, scenario.kind, resolution, paint) for _ in range(count)]
    # A common length keeps their places apart.
    length = max(max(sprite.extent()) for sprite in [target, *sprites]) * scale
    on_road = KINDS[scenario.kind].path == 'road'
    crowd = []
    for number, sprite in enumerate(sprites):
        place = number // 2
        if number % 2 == 0:
            arc, lateral = _beside(rng, route, place, length, 0.0 if on_road else 0.5)
        elif on_road:
            arc, lateral = _oncoming(rng, route, place, length, LANE * scale)
        else:
            arc, lateral = _across(rng, route, place, length)
        crowd.append(along_route(route, arc, lateral, sprite, True))
    add_wakes(rng, scenario, crowd)
    return crowd


def _beside(
    rng: np.random.Generator, route: Route, place: int, length: float, stray: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Arc and lateral offset (N,) ahead of or behind the target, drifting sideways by ``stray``."""
    num_frames = len(route.arc)
    ahead = (1.7 + 1.6 * (place // 2) + rng.uniform(0, 0.3)) * (1 if place % 2 == 0 else -1)
    arc = route.arc + (ahead + 0.2 * smooth_curve(rng, num_frames, 40)) * length
    return arc, stray * length * smooth_curve(rng, num_frames, 40)


def _oncoming(
    rng: np.random.Generator, route: Route, place: int, length: float, lane: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Arc and lateral offset (N,) of an oncoming queue that meets the target at mid-sequence."""
    num_frames = len(route.arc)
    way = max(float(route.arc[-1] - route.arc[0]), 6 * length)
    ahead = (place - 1.5) * 1.7 + rng.uniform(0, 0.3)
    arc = float(route.arc.mean()) + ahead * length + np.linspace(0.5, -0.5, num_frames) * way
    return arc, np.full(num_frames, -lane)


def _across(
    rng: np.random.Generator, route: Route, place: int, length: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Arc and lateral offset (N,) of a crossing of the target's path, each at its own time."""
    num_frames = len(route.arc)
    when = 0.25 + 0.5 * ((place * 0.382 + rng.uniform(0, 0.1)) % 1.0)
    ahead = (1.5 * ((place + 1) // 2) * (1 if place % 2 else -1) + rng.uniform(-0.4, 0.4)) * length
    passing = (np.linspace(0, 1, num_frames) - when) * rng.uniform(9, 13) * length
    side = 1 if rng.random() < 0.5 else -1
    return route.arc + ahead, side * passing + 0.2 * length * smooth_curve(rng, num_frames, 40)
