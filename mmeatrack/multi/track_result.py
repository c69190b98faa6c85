"""Results of a frame: of a tracker of one target, and of one target among many."""

from typing import NamedTuple, Optional

import numpy as np

from mmeatrack.multi.status import TrackStatus
from mmeatrack.structures.boxes import Box


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
