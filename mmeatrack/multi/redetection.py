"""Sweep over the frame for a lost target."""

import math
from bisect import bisect_right
from typing import List, Optional, Sequence, Tuple

from mmeatrack.structures import CropWindow
from mmeatrack.structures.boxes import Box
from mmeatrack.tracking import CalibratedConfidence, Cues, TrackerState
from mmeatrack.tracking.calibrated_confidence import size_change

# Step between windows over their side: a target is then well inside one of them.
_STRIDE = 0.5
# Frames after a finding in which a candidate nearer to where the target was last seen is preferred.
_DOUBT = 30


class Sweep:
    """Windows for one lost target, in turn: from where it was last seen outwards, and again.

    A target cannot be far away at once. The swept area therefore grows from frame to frame, which
    keeps look-alikes elsewhere out, and near places are looked at more often. The sweep goes on for
    a while after the target was found: a look-alike may have been there first.

    Args:
        box: Last sure box, centre and size in image px.
        image_size: ``(width, height)`` of the image.
        search_factor: Window's side over the target's mean side.
        growth: Growth of the area's radius in mean sides a frame, from half a window on; None
            sweeps the whole frame from the start.
    """

    def __init__(
        self,
        box: Box,
        image_size: Tuple[int, int],
        search_factor: float,
        growth: Optional[float] = None,
    ) -> None:
        self._origin = box[:2]
        side = CropWindow.around(box, search_factor).size
        xs, ys = (_centres(length, side) for length in image_size)
        places = [(self._distance((x, y)), x, y) for y in ys for x in xs]
        places.sort(key=lambda place: place[0])
        self.windows = [CropWindow.around((x, y, side, side), 1.0) for _, x, y in places]
        self._distances = [distance for distance, _, _ in places]
        self._reach = math.inf if growth is None else side / 2
        self._step = 0.0 if growth is None else growth * side / search_factor
        self._next = 0
        self._found_for, self._found_at = 0, 0.0

    def is_over(self, state: TrackerState) -> bool:
        """Count a frame; True from when the target has been found for long enough."""
        if state.lost_detector.lost:
            self._found_for = 0
            return False
        if not self._found_for:
            self._found_at = self._distance(state.box)
        self._found_for += 1
        return self._found_for > _DOUBT

    def take(self, count: int) -> List[CropWindow]:
        """The next windows within reach; after the last one the first again."""
        self._reach += self._step
        near = max(bisect_right(self._distances, self._reach), 1)
        count = min(count, near)
        chosen = [self.windows[(self._next + i) % near] for i in range(count)]
        self._next = (self._next + count) % near
        return chosen

    def resolve(
        self, state: TrackerState, found: Sequence[Tuple[Box, List[float]]], score: float
    ) -> None:
        """Move the search to the best candidate, see :func:`best_candidate`.

        Once the target was found, candidates nearer to where it was last seen are looked at alone.

        Args:
            state: State of the target after the frame.
            found: What :meth:`Network.locate` gives for the present search and for the windows.
            score: Score of the frame at the present box.
        """
        if state.lost_detector.lost:
            best_candidate(state, found, score)
            return
        nearer = [each for each in found[1:] if self._distance(each[0]) < 0.5 * self._found_at]
        if nearer and best_candidate(state, nearer, 0.0):
            self._found_at = self._distance(state.box)

    def _distance(self, place: Sequence[float]) -> float:
        return math.hypot(place[0] - self._origin[0], place[1] - self._origin[1])


def best_candidate(
    state: TrackerState, found: Sequence[Tuple[Box, List[float]]], score: float
) -> bool:
    """Move the search of a lost target to the best candidate of a sweep, if one is good enough.

    Its score must be halfway from the one that shows the target to 1, where that of the present
    search does not show it. Whether it is the target, the next frames tell. The score begins anew
    there, for it remembers how badly the former place looked.

    Args:
        state: State of the target; its box is moved.
        found: What :meth:`Network.locate` gives for the sweep's windows and the present search.
        score: Score of the frame at the present box.

    Returns:
        Whether it was moved.
    """
    rated = [(*_rate(state, box, cues), box) for box, cues in found]
    best, confidence, (cx, cy, _, _) = max(rated, key=lambda item: item[0])
    detector = state.lost_detector
    if detector.is_sure(score) or best < (1 + detector.found_above) / 2:
        return False
    state.box, state.confidence = (cx, cy, *state.sure_box[2:]), confidence
    return True


def _rate(
    state: TrackerState, box: Box, values: Sequence[float]
) -> Tuple[float, Optional[CalibratedConfidence]]:
    """Score of a candidate, and the confidence that begins with it."""
    peak, side_lobe, agreement = values
    if state.confidence is None:
        return peak, None
    confidence = state.confidence.anew()
    cues = Cues(peak, side_lobe, agreement, size_change(state.first_box, box))
    return confidence.update(cues), confidence


def _centres(length: int, side: int) -> List[float]:
    """Centres of windows along a side of the image, the outer ones within it."""
    if side >= length:
        return [length / 2]
    steps = math.ceil((length - side) / (_STRIDE * side))
    return [side / 2 + (length - side) * i / steps for i in range(steps + 1)]
