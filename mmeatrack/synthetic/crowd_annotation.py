"""Ground truth of all targets of a scene, and its files in MOTChallenge format."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, List, NamedTuple, Tuple

import numpy as np

from mmeatrack.files.atomic import write_atomically

from .annotation import clip_boxes, cover_alpha
from .plan import Plan
from .sprites.sprite import Pose, Region, Sprite

_FRAME_RATE = 30


class CrowdAnnotation(NamedTuple):
    """Ground truth of T targets in N frames.

    Attributes:
        boxes: (T, N, 4) x, y, w, h in frame pixels, clipped to the frame, but not to the visible
            part of an occluded target; NaN where it is absent. The first target is the plan's.
        visibility: (T, N) visible share of the target's area, 0 to 1.
    """

    boxes: np.ndarray
    visibility: np.ndarray


def annotate_crowd(plan: Plan) -> CrowdAnnotation:
    """Measure the ground truth of the target and of all actors."""
    amodal, visibility = [], []
    for frame in range(len(plan.poses)):
        figures = _figures(plan, frame)
        boxes = [sprite.box(pose) for sprite, pose in figures]
        amodal.append(boxes)
        visibility.append([_seen(plan, frame, figures, boxes, i) for i in range(len(figures))])
    shares = np.array(visibility).T
    whole = np.array(amodal).transpose(1, 0, 2)
    clipped = [clip_boxes(*found, plan.spec.frame_size) for found in zip(whole, shares)]
    # The target is painted last, over the actors, but is the first in the annotation.
    return CrowdAnnotation(np.roll(clipped, 1, axis=0), np.roll(shares, 1, axis=0))


def _figures(plan: Plan, frame: int) -> List[Tuple[Sprite, Pose]]:
    """Annotated sprites of a frame and their poses, in painting order."""
    others = [(actor.sprite, plan.actor_pose(actor, frame)) for actor in plan.actors]
    return [*others, (plan.target, plan.poses[frame])]


def _seen(
    plan: Plan,
    frame: int,
    figures: List[Tuple[Sprite, Pose]],
    boxes: List[Tuple[float, float, float, float]],
    index: int,
) -> float:
    """Share of a figure's area in the frame, under no occluder and no figure painted later."""
    width, height = plan.spec.frame_size
    left, top, right, bottom = boxes[index]
    if left >= width or top >= height or right <= 0 or bottom <= 0:
        return 0.0
    region: Region = (int(left) - 3, int(top) - 3, int(right) + 4, int(bottom) + 4)
    alpha = _opacity(*figures[index], region)
    seen = alpha * (1 - cover_alpha(plan, frame, region))
    for (sprite, pose), box in list(zip(figures, boxes))[index + 1 :]:
        if box[0] < right and box[2] > left and box[1] < bottom and box[3] > top:
            seen = seen * (1 - _opacity(sprite, pose, region))
    rows = slice(max(-region[1], 0), max(height - region[1], 0))
    columns = slice(max(-region[0], 0), max(width - region[0], 0))
    return float(np.clip(seen[rows, columns].sum() / max(float(alpha.sum()), 1e-6), 0, 1))


def _opacity(sprite: Sprite, pose: Pose, region: Region) -> np.ndarray:
    alpha: np.ndarray = sprite.warp(pose, region)[..., 3].astype(np.float32) / 255
    return alpha


def write_crowd(sequence: Path, name: str, plan: Plan, annotation: CrowdAnnotation) -> None:
    """Write ``gt/gt.txt`` and ``seqinfo.ini`` of a sequence.

    A row of ``gt.txt`` is ``frame,id,x,y,w,h,1,1,visibility``: frames and ids from 1, x and y of
    the top-left corner in pixels from 0. All targets are of class 1, which MOTChallenge scores. An
    absent target has no row.
    """
    (sequence / 'gt').mkdir(exist_ok=True)
    write_atomically(sequence / 'gt' / 'gt.txt', ''.join(_rows(annotation)))
    width, height = plan.spec.frame_size
    write_atomically(
        sequence / 'seqinfo.ini',
        f'[Sequence]\nname={name}\nimDir=img1\nframeRate={_FRAME_RATE}\n'
        f'seqLength={len(plan.poses)}\nimWidth={width}\nimHeight={height}\nimExt=.jpg\n',
    )


def _rows(annotation: CrowdAnnotation) -> Iterator[str]:
    for frame in range(annotation.boxes.shape[1]):
        for index, (box, seen) in enumerate(
            zip(annotation.boxes[:, frame], annotation.visibility[:, frame])
        ):
            if not np.isnan(box).any():
                sides = ','.join(f'{value:.2f}' for value in box)
                yield f'{frame + 1},{index + 1},{sides},1,1,{seen:.4f}\n'
