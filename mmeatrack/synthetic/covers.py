"""Occluders of the target along its route."""

from __future__ import annotations

from typing import List, Tuple

import cv2
import numpy as np

from .route import Route
from .scenario import Scenario
from .scenery import overhead
from .scenery.ground import Sun
from .scenery.overhead import Cover
from .sprites.sprite import Sprite
from .sprites.targets import KINDS


def plan_covers(
    rng: np.random.Generator,
    scenario: Scenario,
    route: Route,
    target: Sprite,
    scale: float,
    sun: Sun,
    frame_size: Tuple[int, int],
) -> List[Cover]:
    """Place overhead objects along the target's route, but not over its start.

    Args:
        rng: Random generator.
        scenario: Number of occluders, and whether they hide the whole target.
        route: The target's route in world pixels.
        target: The target's sprite.
        scale: World pixels per metre.
        sun: Light on the tree crowns.
        frame_size: Width and height; a bridge is longer than any frame shows.
    """
    num_frames = len(route.arc)
    start = route.points[0]
    reach = 0.55 * float(np.hypot(*target.extent())) * scale
    covers: List[Cover] = []
    for number in range(scenario.covers):
        share = 0.12 + 0.8 * (number + rng.uniform(0.4, 0.65)) / scenario.covers
        arc = np.interp(share, np.linspace(0, 1, num_frames), route.arc)
        point = route.at(np.array([arc]))[0]
        heading = float(route.headings(np.array([arc]))[0])
        for cover in _over(
            rng, scenario, point, heading, target, scale, sun, frame_size, num_frames
        ):
            outline = cover.outline.astype(np.float32)
            where = (float(start[0]), float(start[1]))
            if cv2.pointPolygonTest(outline, where, True) < -reach:
                covers.append(cover)
    return covers


def _over(
    rng: np.random.Generator,
    scenario: Scenario,
    point: np.ndarray,
    heading: float,
    target: Sprite,
    scale: float,
    sun: Sun,
    frame_size: Tuple[int, int],
    num_frames: int,
) -> List[Cover]:
    """A cloud, a group of tree crowns or a bridge over a point of the route."""
    path = KINDS[scenario.kind].path
    length = target.extent()[0]
    if path == 'air':
        span = (7.0 * length, 4.6 * length)
        opacity = 1.0 if scenario.hidden else rng.uniform(0.6, 0.85)
        return [overhead.cloud(rng, point, span, scale, rng.uniform(0, np.pi), opacity)]
    if not scenario.hidden and path != 'water' and rng.random() < 0.5:
        return overhead.canopy(rng, point, heading, target.extent(), scale, sun)
    step = scenario.step * scenario.size / scale
    width = length * rng.uniform(0.6, 0.95)
    if scenario.hidden:
        width = 1.12 * length + step * rng.uniform(4, 4 + 0.1 * num_frames)
    angle = heading + np.pi / 2 + rng.normal(0, 0.08)
    span_length = 2.4 * float(np.hypot(*frame_size)) / min(scenario.zoom) / scale
    return [overhead.bridge(rng, point, angle, span_length, width, scale, path == 'path')]
