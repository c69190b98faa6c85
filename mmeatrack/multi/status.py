"""Results of a frame, and the status of a target as an autopilot or a gimbal takes it."""

from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np

from mmeatrack.multi.motion import BoxMotion
from mmeatrack.multi.rules import TrackRules
from mmeatrack.structures.boxes import Box, cxcywh_to_xywh
from mmeatrack.tracking import LostDetector


class TrackStatus(NamedTuple):
    """Status of a target in one frame.

    Attributes:
        state: 'tracking'; 'coasting' in frames that do not show it well; 'lost'; 'found' in the
            first frames after it was lost; 'removed' in the last report of a target.
        frames: Frames in this state so far, this one among them.
        box_xywh: x, y, w, h in image px: the tracker's box, and while the target is coasting or
            lost the one predicted from its motion.
        deviation: Standard deviations of the box's centre x and y, width and height in image px.
        direction: Place of its centre in the image as gimbals take it: -1 at the left border to 1
            at the right one, and -1 at the lower border to 1 at the upper one. Beyond these it has
            left the image.
    """

    state: str
    frames: int
    box_xywh: Box
    deviation: Tuple[float, float, float, float]
    direction: Tuple[float, float]

    def as_record(self, fps: Optional[float] = None) -> Dict[str, Any]:
        """The fields as JSON takes them, numbers rounded; ``seconds`` where ``fps`` is known."""
        return dict(
            state=self.state,
            frames=self.frames,
            seconds=None if fps is None else round(self.frames / fps, 3),
            estimate=_rounded(self.box_xywh, 2),
            deviation=_rounded(self.deviation, 2),
            direction=_rounded(self.direction, 4),
        )


class TrackResult(NamedTuple):
    """Result of a tracker for one frame.

    Attributes:
        frame: The frame (H, W, 3), uint8, BGR, as it was given.
        box_xywh: x, y, w, h in image px; the given box in the first frame.
        score: Confidence, 0 to 1; -1 in the first frame.
        seconds: Wall time of the tracker for the frame.
        lost: True while the target is lost; None in the first frame and for a tracker without a
            lost detector.
        status: State, prediction and uncertainty; None for a tracker without a lost detector.
    """

    frame: np.ndarray
    box_xywh: Box
    score: float
    seconds: float
    lost: Optional[bool] = None
    status: Optional[TrackStatus] = None


class Track(NamedTuple):
    """Result for one target in one frame.

    Attributes:
        id: The target's id.
        box_xywh: x, y, w, h in image px, as the tracker of a single target gives it.
        score: Confidence, 0 to 1.
        lost: Whether the lost detector calls the target lost.
        status: State, prediction and uncertainty.
    """

    id: int
    box_xywh: Box
    score: float
    lost: bool
    status: TrackStatus


class StatusKeeper:
    """Status of one target from frame to frame, by what its tracker reports.

    Args:
        box: First box, centre and size in image px.
        rules: Times that a target may coast and is called found; None for the defaults.
    """

    def __init__(self, box: Box, rules: Optional[TrackRules] = None) -> None:
        self._rules = rules or TrackRules()
        self._motion = BoxMotion(box)
        self._state, self._frames = 'tracking', 1

    def first(self, image_size: Tuple[int, int]) -> TrackStatus:
        """Status in the frame in which the target was given."""
        return self._report(image_size)

    def restart(self, box: Box) -> None:
        """Take up the motion anew at a box, centre and size in image px.

        A target that is lost stays so until a sure score, but counts the frames anew.
        """
        self._motion.restart(box)
        if self._state == 'lost':
            self._frames = 0

    def update(
        self, box: Box, score: float, detector: LostDetector, image_size: Tuple[int, int]
    ) -> TrackStatus:
        """Status after a frame.

        Args:
            box: The tracker's box, centre and size in image px.
            score: The frame's score, 0 to 1.
            detector: The target's lost detector after the frame; not changed.
            image_size: ``(width, height)`` of the image.
        """
        self._motion.predict()
        left = not _is_inside(self._motion.box, image_size)
        coasts = score < detector.lost_below or (left and not detector.is_sure(score))
        now = self._next_state(detector, score, coasts)
        if self._state == 'lost' and now == 'found':
            self._motion.restart(box)
        elif now in ('tracking', 'found'):
            # At the border a part of the target may be cut off, and its box's centre be another's.
            self._motion.correct(box, score * (not _touches_border(box, image_size)))
        self._frames = self._frames + 1 if now == self._state else 1
        self._state = now
        return self._report(image_size, box if now in ('tracking', 'found') else None)

    def _next_state(self, detector: LostDetector, score: float, coasts: bool) -> str:
        was, frames = self._state, self._frames
        if detector.lost or (was == 'lost' and not detector.is_sure(score)):
            return 'lost'
        if coasts:
            overdue = was == 'coasting' and frames >= self._rules.coast_for
            return 'lost' if overdue else 'coasting'
        if was == 'lost' or (was == 'found' and frames < self._rules.found_for):
            return 'found'
        return 'tracking'

    def _report(self, image_size: Tuple[int, int], box: Optional[Box] = None) -> TrackStatus:
        box = box or self._motion.box
        width, height = image_size
        return TrackStatus(
            self._state,
            self._frames,
            cxcywh_to_xywh(box),
            self._motion.deviation,
            (2 * box[0] / width - 1, 1 - 2 * box[1] / height),
        )


def _is_inside(box: Box, image_size: Tuple[int, int]) -> bool:
    return 0 <= box[0] <= image_size[0] and 0 <= box[1] <= image_size[1]


def _touches_border(box: Box, image_size: Tuple[int, int]) -> bool:
    cx, cy, w, h = box
    width, height = image_size
    return not (w / 2 < cx < width - w / 2 and h / 2 < cy < height - h / 2)


def _rounded(values: Tuple[float, ...], digits: int) -> Tuple[float, ...]:
    return tuple(round(float(value), digits) for value in values)
