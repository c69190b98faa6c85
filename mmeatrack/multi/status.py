"""Results of a frame, and the status of a target for an autopilot or a gimbal."""

from dataclasses import dataclass
from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np

from mmeatrack.multi.motion import BoxMotion
from mmeatrack.structures.boxes import Box, cxcywh_to_xywh
from mmeatrack.structures.checks import check_counts
from mmeatrack.tracking import LostDetector


@dataclass(frozen=True)
class TrackRules:
    """Rules for uncertain, lost, found and crossing targets.

    Attributes:
        coast_for: Frames for which a target may coast before it counts as lost.
        found_for: Frames for which a redetected target is reported as found.
        remove_after: Frames after which a lost target is removed; None keeps it.
        unsure_for: Consecutive frames without a sure score after which a target counts as lost even
            if its lost detector disagrees; None leaves the decision to the detector.
        sweep: Search crops per frame and lost target that look for it elsewhere; 0 for none.
        sweep_growth: Growth of the swept area around the target's last sighting, in mean sides of
            the target per frame; None sweeps the whole frame from the start.
        crossing_frames: Consecutive frames for which two tracks may lie on one object before the
            weaker one falls back; None lets both stay.
        crossing_overlap: IoU from which two boxes lie on one object.

    Raises:
        ValueError: If a value is out of range.
    """

    coast_for: int = 15
    found_for: int = 5
    remove_after: Optional[int] = 300
    unsure_for: Optional[int] = None
    sweep: int = 4
    sweep_growth: Optional[float] = 0.25
    crossing_frames: Optional[int] = 5
    crossing_overlap: float = 0.5

    def __post_init__(self) -> None:
        check_counts(coast_for=self.coast_for, found_for=self.found_for)
        check_counts(0, sweep=self.sweep)
        optional = ('remove_after', 'unsure_for', 'crossing_frames')
        check_counts(None, **{name: getattr(self, name) for name in optional})
        if self.sweep_growth is not None and not self.sweep_growth >= 0:
            raise ValueError(f'sweep_growth={self.sweep_growth} must be 0 or more, or None.')
        if not 0 < self.crossing_overlap < 1:
            raise ValueError(f'crossing_overlap={self.crossing_overlap} must lie between 0 and 1.')


class TrackStatus(NamedTuple):
    """Status of a target in one frame.

    Attributes:
        state: 'tracking'; 'coasting' while it is not seen well; 'lost'; 'found' for a few frames
            after a loss; 'removed' in a target's last report.
        frames: Frames in this state, including this one.
        box_xywh: x, y, w, h in image px: the tracker's box, or the one predicted from the motion
            while the target is coasting or lost.
        deviation: Standard deviations of the box's centre x and y, width and height in image px.
        direction: Position of the centre in gimbal coordinates: -1 at the left border to 1 at the
            right one, and -1 at the lower border to 1 at the upper one. Values beyond these are
            outside the image.
    """

    state: str
    frames: int
    box_xywh: Box
    deviation: Tuple[float, float, float, float]
    direction: Tuple[float, float]

    def as_record(self, fps: Optional[float] = None) -> Dict[str, Any]:
        """Return the fields for JSON, numbers rounded; ``seconds`` is None without ``fps``."""
        return dict(
            state=self.state,
            frames=self.frames,
            seconds=None if fps is None else round(self.frames / fps, 3),
            estimate=rounded(self.box_xywh, 2),
            deviation=rounded(self.deviation, 2),
            direction=rounded(self.direction, 4),
        )


def rounded(values: Tuple[float, ...], digits: int) -> Tuple[float, ...]:
    """Return the values, NumPy's too, as Python floats rounded to ``digits`` decimals."""
    return tuple(round(float(value), digits) for value in values)


class TrackResult(NamedTuple):
    """Result of a single-target tracker for one frame.

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
    """Result of a :class:`MultiTracker` for one target in one frame.

    Attributes:
        id: The target's id.
        box_xywh: x, y, w, h in image px, as from a single-target tracker.
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
    """Status of one target from frame to frame, derived from its tracker's results.

    Args:
        box: First box, centre and size in image px.
        rules: Limits of coasting and of the state 'found'; None for the defaults.
    """

    def __init__(self, box: Box, rules: Optional[TrackRules] = None) -> None:
        self._rules = rules or TrackRules()
        self._motion = BoxMotion(box)
        self._state, self._frames = 'tracking', 1

    def first(self, image_size: Tuple[int, int]) -> TrackStatus:
        """Return the status in the frame of the first box; the image has ``(width, height)``."""
        return self._report(self._motion.box, image_size)

    def restart(self, box: Box) -> None:
        """Restart the motion at a box, centre and size in image px.

        A lost target stays lost until a sure score. Frames of coasting and loss are counted from 0.
        """
        self._motion.restart(box)
        if self._state in ('coasting', 'lost'):
            self._frames = 0

    def update(
        self, box: Box, score: float, detector: LostDetector, image_size: Tuple[int, int]
    ) -> TrackStatus:
        """Return the status after a frame with the tracker's box (centre and size in image px).

        ``score`` is the frame's, 0 to 1, and ``detector`` the target's lost detector after it.
        """
        self._motion.predict()
        left = any(not 0 <= at <= side for at, side in zip(self._motion.box, image_size))
        coasts = score < detector.lost_below or (left and not detector.is_sure(score))
        now = self._next_state(detector, score, coasts)
        if self._state == 'lost' and now == 'found':
            self._motion.restart(box)
        elif now in ('tracking', 'found'):
            # A border may cut off part of the target and shift the centre of its box.
            is_whole = all(
                size / 2 < at < side - size / 2
                for at, size, side in zip(box[:2], box[2:], image_size)
            )
            self._motion.correct(box, score * is_whole)
        self._frames = self._frames + 1 if now == self._state else 1
        self._state = now
        return self._report(box if now in ('tracking', 'found') else self._motion.box, image_size)

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

    def _report(self, box: Box, image_size: Tuple[int, int]) -> TrackStatus:
        width, height = image_size
        direction = (2 * box[0] / width - 1, 1 - 2 * box[1] / height)
        box_xywh, deviation = cxcywh_to_xywh(box), self._motion.deviation
        return TrackStatus(self._state, self._frames, box_xywh, deviation, direction)
