"""Camera: zoom, rotation and the target's position in the frame."""

from __future__ import annotations

from typing import Tuple

import numpy as np

from .noise import ease, smooth_curve
from .scenario import Scenario


def plan_zoom(rng: np.random.Generator, scenario: Scenario, num_frames: int) -> np.ndarray:
    """Smooth zoom (N,) between the scenario's two values, never above 1."""
    first, last = scenario.zoom
    begin, end = rng.uniform(0.0, 0.15), rng.uniform(0.75, 0.95)
    return first * (last / first) ** ease(num_frames, begin, end)


def plan_spin(rng: np.random.Generator, scenario: Scenario, num_frames: int) -> np.ndarray:
    """Camera angle (N,) in radians: a random start, the scenario's spin and slight sway."""
    sway = 0.0 if scenario.name == 'static' else 0.03
    turn = scenario.spin * ease(num_frames, rng.uniform(0, 0.2), rng.uniform(0.7, 1.0))
    return rng.uniform(0, 2 * np.pi) + turn + sway * smooth_curve(rng, num_frames, 18)


def linear_parts(zoom: np.ndarray, spin: np.ndarray) -> np.ndarray:
    """Linear maps (N, 2, 2) from world to frame directions."""
    cos, sin = np.cos(spin) * zoom, np.sin(spin) * zoom
    return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)


def plan_positions(
    rng: np.random.Generator,
    scenario: Scenario,
    motion: np.ndarray,
    sizes: np.ndarray,
    reach: np.ndarray,
    frame_size: Tuple[int, int],
) -> np.ndarray:
    """Position of the target's centre in the frame.

    The camera follows loosely: part of the target's motion remains visible, and the operator pulls
    it back to a point that drifts around the frame's centre. No step exceeds the scenario's limit.

    Args:
        rng: Random generator.
        scenario: Settings of the sequence.
        motion: The target's motion (N, 2) in frame pixels under a fixed camera.
        sizes: Square root (N,) of its box's width x height in pixels.
        reach: Half the diagonal (N,) of its box in pixels: its distance from the frame's edge.
        frame_size: Width and height.

    Returns:
        Points (N, 2) in frame pixels.
    """
    if scenario.pace_limit > 1:
        return _dash(rng, scenario.pace_limit, sizes, reach, frame_size)
    num_frames = len(motion)
    middle = (np.array(frame_size) - 1) / 2
    room = np.maximum(middle - reach[:, None] - 4, 1.0)
    stray = np.stack([smooth_curve(rng, num_frames, 26) for _ in range(2)], 1)
    stray = np.clip(stray * 1.6, -1, 1)
    goal = middle + stray * scenario.roam * room
    limit = scenario.pace_limit * np.concatenate([sizes[:1], sizes[:-1]])
    tremble = np.clip(rng.normal(0, scenario.shake, (num_frames, 2)), -2.5, 2.5)
    points = np.empty((num_frames, 2))
    points[0] = goal[0]
    smooth = goal[0]
    for t in range(1, num_frames):
        smooth = smooth + scenario.hover * motion[t]
        if scenario.name != 'static':
            smooth = smooth + 0.09 * (goal[t] - smooth)
        smooth = np.clip(smooth, middle - room[t], middle + room[t])
        step = smooth + tremble[t] - points[t - 1]
        length = float(np.linalg.norm(step))
        points[t] = points[t - 1] + step * min(1.0, limit[t] / max(length, 1e-6))
        if length > limit[t]:
            smooth = points[t]
    points = np.clip(points, middle - room, middle + room)
    return _leave(rng, points, sizes, reach, middle) if scenario.leaves else points


def _dash(
    rng: np.random.Generator,
    limit: float,
    sizes: np.ndarray,
    reach: np.ndarray,
    frame_size: Tuple[int, int],
) -> np.ndarray:
    """Positions (N, 2) of a target that dashes through the frame and turns back at its edges."""
    num_frames = len(sizes)
    middle = (np.array(frame_size) - 1) / 2
    room = middle - reach.max() - 4
    rush = smooth_curve(rng, num_frames, 6)
    rush /= max(float(rush.max()), 0.3)
    speed = limit * np.clip(0.6 + 0.5 * rush, 0.1, 1.0)
    bend = 0.25 * smooth_curve(rng, num_frames, 5)
    angle = rng.uniform(0, 2 * np.pi)
    points = np.empty((num_frames, 2))
    points[0] = middle + rng.uniform(-0.6, 0.6, 2) * room
    for t in range(1, num_frames):
        angle += bend[t]
        step = speed[t] * sizes[t - 1] * np.array([np.cos(angle), np.sin(angle)])
        outside = np.abs(points[t - 1] + step - middle) > room
        step = np.where(outside, -step, step)
        angle = float(np.arctan2(step[1], step[0]))
        points[t] = np.clip(points[t - 1] + step, middle - room, middle + room)
    return points


def _leave(
    rng: np.random.Generator,
    points: np.ndarray,
    sizes: np.ndarray,
    reach: np.ndarray,
    middle: np.ndarray,
) -> np.ndarray:
    """Shift the points so that the target leaves over one edge and returns over the same one."""
    num_frames = len(points)
    axis = int(rng.integers(2))
    side = 1.0 if rng.random() < 0.5 else -1.0
    # It stays near that edge, so that leaving takes few frames.
    edge = middle[axis] + side * middle[axis]
    inside = edge - side * (reach + 6 + 0.15 * np.abs(points[:, axis] - middle[axis]))
    outside = edge + side * (reach + 4)
    way = float(np.abs(outside - inside).max())
    travel = max(int(np.ceil(1.5 * way / (0.36 * sizes.min()))), 2)
    hold = max(3, num_frames // 12)
    start = int(rng.uniform(0.25, 0.4) * num_frames)
    t = np.arange(num_frames)
    out = np.clip((t - start) / travel, 0, 1)
    back = np.clip((t - start - travel - hold) / travel, 0, 1)
    profile = out * out * (3 - 2 * out) - back * back * (3 - 2 * back)
    shifted = points.copy()
    shifted[:, axis] = inside + (outside - inside) * profile
    return shifted
