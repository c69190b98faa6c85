"""Routes of targets: smooth paths over the ground, one point per frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .noise import smooth_curve


@dataclass
class Route:
    """Path and the positions along it.

    Attributes:
        line: The whole path (M, 2) in world pixels, points about 2 px apart. Like a road, it
            continues beyond both ends of the route.
        arc: Distance along the path in pixels at each frame (N,).
    """

    line: np.ndarray
    arc: np.ndarray

    SPACING = 2.0

    def at(self, arc: np.ndarray) -> np.ndarray:
        """Points (N, 2) at distances (N,) along the path."""
        index = arc / self.SPACING
        ids = np.arange(len(self.line))
        return np.stack([np.interp(index, ids, self.line[:, axis]) for axis in (0, 1)], 1)

    def headings(self, arc: np.ndarray) -> np.ndarray:
        """Directions (N,) in radians, unwrapped, at distances (N,) along the path."""
        step = 2 * self.SPACING
        ahead = self.at(arc + step) - self.at(arc - step)
        return np.unwrap(np.arctan2(ahead[:, 1], ahead[:, 0]))

    @property
    def points(self) -> np.ndarray:
        """The target's positions (N, 2)."""
        return self.at(self.arc)

    def moved(self, offset: np.ndarray) -> Route:
        """The route shifted by an offset (2,)."""
        return Route(self.line + offset, self.arc)


@dataclass(frozen=True)
class Course:
    """Parameters of a route.

    Attributes:
        step: Mean distance per frame in pixels.
        turn: Total change of direction in radians.
        wander: Amplitude of random bends in radians.
        radius: Smallest radius of a bend in pixels.
        corners: Whether to turn at corners, as on streets, instead of all along the path.
        extent: Upper bound of the route's longer side in pixels.
    """

    step: float
    turn: float
    wander: float
    radius: float
    corners: bool
    extent: float


def _directions(rng: np.random.Generator, course: Course, length: float) -> np.ndarray:
    """Direction at each point of a path of the given length, relative to its start."""
    count = max(int(length / Route.SPACING), 4)
    share = np.arange(count) / count
    if course.corners and abs(course.turn) > 0.2:
        bends = max(1, int(np.ceil(abs(course.turn) / 1.7)))
        direction = np.zeros(count)
        half = 0.5 * abs(course.turn) / bends * course.radius / length
        for bend in range(bends):
            middle = (bend + rng.uniform(0.4, 0.6)) / bends
            t = np.clip((share - middle) / max(2 * half, 1e-3) + 0.5, 0, 1)
            direction += course.turn / bends * t * t * (3 - 2 * t)
    else:
        direction = course.turn * share
    period = max(count / max(length / (9 * course.radius), 2.0), 8.0)
    return direction + course.wander * smooth_curve(rng, count, period)


def plan_route(rng: np.random.Generator, num_frames: int, course: Course) -> Route:
    """Plan a route: the most compact of a few random candidates.

    The initial direction is random. On a route beyond the extent the target moves more slowly.
    """
    pace = 1 + 0.3 * smooth_curve(rng, num_frames, max(num_frames / 4, 8.0))
    steps = pace * course.step
    start = rng.uniform(0, 2 * np.pi)
    best, best_span = None, np.inf
    for _ in range(6):
        length = float(steps.sum()) + 8 * Route.SPACING
        direction = start + _directions(rng, course, length)
        unit = np.stack([np.cos(direction), np.sin(direction)], 1)
        line = np.cumsum(unit * Route.SPACING, 0)
        span = float(np.ptp(line, axis=0).max())
        if span < best_span:
            best, best_span = line, span
    assert best is not None
    shrink = min(1.0, course.extent / best_span)
    arc = np.concatenate([[0], np.cumsum(steps[1:])]) * shrink
    return _extended(best, arc, course)


def _extended(line: np.ndarray, arc: np.ndarray, course: Course) -> Route:
    """Extend a path straight at both ends, far enough to leave any world."""
    count = int(4 * (course.extent + 1600) / Route.SPACING / 4)
    first = line[1] - line[0]
    last = line[-1] - line[-2]
    away = np.arange(1, count + 1)[:, None]
    whole = np.concatenate([line[0] - first * away[::-1], line, line[-1] + last * away])
    return Route(whole, arc + (count + 4) * Route.SPACING)
