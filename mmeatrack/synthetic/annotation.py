"""Ground truth: boxes, visibility and the attributes that hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple

import cv2
import numpy as np

from .plan import Plan
from .sprites.sprite import Pose, Region

MIN_VISIBLE = 0.05
"""Visible share below which a target counts as absent."""
MIN_SIDE = 2.0
"""Width or height in the frame, in pixels, below which a target counts as absent."""


@dataclass
class Annotation:
    """Ground truth of a sequence of N frames.

    Attributes:
        boxes: (N, 4) x, y, w, h in frame pixels, the top-left corner counted from 0. Clipped to
            the frame, but not to the visible part of an occluded target; NaN where it is absent.
        visibility: (N,) visible share of the target's area, 0 to 1.
        attributes: Names of the attributes, the dominant one first.
    """

    boxes: np.ndarray
    visibility: np.ndarray
    attributes: List[str]


def annotate(plan: Plan) -> Annotation:
    """Measure the ground truth of a planned sequence."""
    amodal = np.array([plan.target.box(pose) for pose in plan.poses])
    visibility = np.array([visible_share(plan, frame) for frame in range(len(plan.poses))])
    boxes = clip_boxes(amodal, visibility, plan.spec.frame_size)
    return Annotation(boxes, visibility, _attributes(plan, amodal, boxes, visibility))


def clip_boxes(
    amodal: np.ndarray, visibility: np.ndarray, frame_size: Tuple[int, int]
) -> np.ndarray:
    """Boxes (N, 4) x, y, w, h clipped to the frame; NaN where the target is absent.

    Args:
        amodal: (N, 4) left, top, right, bottom, not clipped.
        visibility: (N,) visible share of the target.
        frame_size: Width and height in pixels.
    """
    limits = np.array([frame_size[0], frame_size[1]], float)
    low = np.clip(amodal[:, :2], 0, limits)
    high = np.clip(amodal[:, 2:], 0, limits)
    boxes = np.concatenate([low, high - low], 1)
    absent = (visibility < MIN_VISIBLE) | (boxes[:, 2:].min(1) < MIN_SIDE)
    boxes[absent] = np.nan
    return boxes


def _whole_region(plan: Plan, pose: Pose) -> Region:
    left, top, right, bottom = plan.target.box(pose)
    return int(left) - 3, int(top) - 3, int(right) + 4, int(bottom) + 4


def cover_alpha(plan: Plan, frame: int, region: Region) -> np.ndarray:
    """Joint opacity of all occluders over a region of the frame, float32 (h, w), 0 to 1."""
    clear = np.ones((region[3] - region[1], region[2] - region[0]), np.float32)
    for cover in plan.covers:
        pose = plan.pose_at(frame, cover.x, cover.y, cover.angle)
        left, top, right, bottom = cover.sprite.box(pose)
        if left < region[2] and right > region[0] and top < region[3] and bottom > region[1]:
            alpha = cover.sprite.warp(pose, region)[..., 3]
            clear *= 1 - alpha.astype(np.float32) / 255
    return 1 - clear


def visible_share(plan: Plan, frame: int) -> float:
    """Share of the target's area inside the frame and under no occluder, 0 to 1."""
    pose = plan.poses[frame]
    region = _whole_region(plan, pose)
    alpha = plan.target.warp(pose, region)[..., 3].astype(np.float32)
    seen = alpha * (1 - cover_alpha(plan, frame, region))
    width, height = plan.spec.frame_size
    rows = slice(max(-region[1], 0), max(height - region[1], 0))
    columns = slice(max(-region[0], 0), max(width - region[0], 0))
    return float(np.clip(seen[rows, columns].sum() / max(float(alpha.sum()), 1e-6), 0, 1))


def _attributes(
    plan: Plan, amodal: np.ndarray, boxes: np.ndarray, visibility: np.ndarray
) -> List[str]:
    """Names of the attributes that hold, the dominant one first."""
    present = ~np.isnan(boxes[:, 0])
    scales = np.array([pose.scale for pose in plan.poses])
    angles = np.unwrap([pose.angle for pose in plan.poses])
    sides = np.sqrt(np.prod(amodal[:, 2:] - amodal[:, :2], axis=1))
    partly = present & (visibility < 0.75) & _within(amodal, plan.spec.frame_size)
    holds = {
        'appearance_change': look_change(plan) >= 16,
        'scale_change': scales.max() / scales.min() >= 1.8,
        'rotation': np.ptp(angles) >= np.pi / 2,
        'occlusion': partly.sum() >= 2,
        'distractor': _close_lookalikes(plan, sides) >= max(2, 0.08 * len(boxes)),
        'absence': not present.all(),
        'illumination_change': illumination_range(plan) >= 1.35,
        'fast_motion': (pace(amodal, boxes) > 0.8).sum() >= 2,
        'small_target': np.median(sides) <= 16,
    }
    found = [name for name, true in holds.items() if true]
    if set(found) <= {'small_target'} and is_static(amodal):
        found.append('static')
    found.sort(key=lambda name: name != plan.scenario.name)
    return found


def _within(amodal: np.ndarray, frame_size: Tuple[int, int]) -> np.ndarray:
    inside = (amodal[:, :2] > -1).all(1) & (amodal[:, 2:] < np.array(frame_size) + 1).all(1)
    return np.asarray(inside)


def pace(amodal: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Steps (N - 1,) of the target's centre, in sizes of its box before the step.

    Args:
        amodal: (N, 4) left, top, right, bottom, not clipped.
        boxes: (N, 4) as annotated; steps from or to an absent target are 0.
    """
    centres = (amodal[:, :2] + amodal[:, 2:]) / 2
    sides = np.sqrt(np.prod(amodal[:, 2:] - amodal[:, :2], axis=1))
    steps = np.linalg.norm(np.diff(centres, axis=0), axis=1) / sides[:-1]
    present = ~np.isnan(boxes[:, 0])
    return np.where(present[1:] & present[:-1], steps, 0.0)


def is_static(amodal: np.ndarray) -> bool:
    """True if the box (N, 4) keeps its size within 3 % and hardly moves from frame to frame."""
    sides = amodal[:, 2:] - amodal[:, :2]
    steps = np.linalg.norm(np.diff(amodal[:, :2] + amodal[:, 2:], axis=0) / 2, axis=1)
    steady = (sides.max(0) <= 1.03 * sides.min(0)).all()
    return bool(steady and steps.max() < 0.25 * np.sqrt(np.prod(sides[0])))


def look_change(plan: Plan) -> float:
    """Mean colour change of the target over the sequence, 0 to 255."""
    looks = plan.target.looks
    if len(looks) == 1:
        return 0.0
    opaque = looks[0][0][..., 3] > 127
    change = cv2.absdiff(looks[0][0][..., :3], looks[1][0][..., :3])[opaque].mean()
    blends = [pose.blend for pose in plan.poses]
    return float(change * (max(blends) - min(blends)))


def illumination_range(plan: Plan) -> float:
    """Ratio of the brightest to the darkest light on the target."""
    world = np.array(plan.world_size, float)
    tones = [
        plan.light.grey(frame) * plan.light.cloud_at(frame, point / world)
        for frame, point in enumerate(plan.route.points)
    ]
    return max(tones) / min(tones)


def _close_lookalikes(plan: Plan, sides: np.ndarray) -> int:
    """Number of frames with a look-alike within 2.2 target sizes."""
    close = np.zeros(len(sides), bool)
    zoom = np.hypot(plan.matrices[:, 0, 0], plan.matrices[:, 1, 0])
    for actor in plan.actors:
        if actor.lookalike:
            away = np.linalg.norm(actor.points - plan.route.points, axis=1) * zoom
            close |= away < 2.2 * sides
    return int(close.sum())
