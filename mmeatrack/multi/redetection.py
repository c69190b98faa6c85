"""Redetection: a sweep over the frame for a lost target."""

import math
from bisect import bisect_right
from typing import List, Optional, Sequence, Tuple

from mmeatrack.structures import CropWindow
from mmeatrack.structures.boxes import Box
from mmeatrack.tracking import Cues, TrackerState
from mmeatrack.tracking.calibrated_confidence import size_change

# Step between windows over their side: any target then lies well inside one of them.
_STRIDE = 0.5
# Frames for which candidates nearer to the last sighting are preferred after a redetection.
_DOUBT = 30


class Sweep:
    """Search windows for a lost target, cycled outwards from where it was last seen.

    The target cannot be far away at once. The swept area therefore grows from frame to frame, which
    excludes look-alikes elsewhere and revisits near places more often. The sweep goes on for a
    while after the target was found, as a look-alike may have been found first.

    Args:
        box: Last sure box, centre and size in image px.
        image_size: ``(width, height)`` of the image.
        search_factor: Window's side over the target's mean side.
        growth: Growth of the area's radius in mean sides per frame, starting from half a window;
            None sweeps the whole frame from the start.
    """

    def __init__(
        self, box: Box, image_size: Tuple[int, int], search_factor: float, growth: Optional[float]
    ) -> None:
        self._origin = box[:2]
        side = CropWindow.around(box, search_factor).size
        xs, ys = (_centres(length, side) for length in image_size)
        places = sorted(((x, y) for y in ys for x in xs), key=self._distance)
        self.windows = [CropWindow.around((x, y, side, side), 1.0) for x, y in places]
        self._distances = [self._distance(place) for place in places]
        self._reach = math.inf if growth is None else side / 2
        self._step = 0.0 if growth is None else growth * side / search_factor
        self._next = 0
        self._found_for, self._found_at = 0, 0.0

    def is_over(self, state: TrackerState) -> bool:
        """Count a frame; True once the target has been found for long enough."""
        if state.lost_detector.lost:
            self._found_for = 0
            return False
        if not self._found_for:
            self._found_at = self._distance(state.box)
        self._found_for += 1
        return self._found_for > _DOUBT

    def take(self, count: int) -> List[CropWindow]:
        """Return up to ``count`` next windows within reach, starting over after the last one."""
        self._reach += self._step
        near = max(bisect_right(self._distances, self._reach), 1)
        count = min(count, near)
        chosen = [self.windows[(self._next + i) % near] for i in range(count)]
        self._next = (self._next + count) % near
        return chosen

    def resolve(
        self, state: TrackerState, found: Sequence[Tuple[Box, List[float]]], score: float
    ) -> None:
        """Move the target to the best candidate of this frame, if one is good enough.

        Once the target has been found, only candidates nearer to its last sighting count. ``found``
        has the results of :meth:`Network.locate` for the regular search, then for the windows.
        """
        if state.lost_detector.lost:
            move_to_best(state, found, score)
            return
        nearer = [each for each in found[1:] if self._distance(each[0]) < 0.5 * self._found_at]
        if nearer and move_to_best(state, nearer, 0.0):
            self._found_at = self._distance(state.box)

    def _distance(self, place: Sequence[float]) -> float:
        return math.hypot(place[0] - self._origin[0], place[1] - self._origin[1])


def move_to_best(
    state: TrackerState, found: Sequence[Tuple[Box, List[float]]], score: float
) -> bool:
    """Move the search to the best candidate; return whether one was good enough.

    Its score must lie at least halfway between the detector's ``found_above`` and 1, and ``score``,
    that of the present box, must not show the target. The next frames tell whether it is the
    target. Its confidence starts afresh, as the old one remembers how bad the former place looked.
    """
    rated = []
    for box, (peak, side_lobe, agreement) in found:
        confidence, rating = state.confidence, peak
        if confidence is not None:
            confidence = confidence.fresh_copy()
            change = size_change(state.first_box, box)
            rating = confidence.update(Cues(peak, side_lobe, agreement, change))
        rated.append((rating, confidence, box))
    best, confidence, (cx, cy, _, _) = max(rated, key=lambda item: item[0])
    detector = state.lost_detector
    if detector.is_sure(score) or best < (1 + detector.found_above) / 2:
        return False
    state.box, state.confidence = (cx, cy, *state.sure_box[2:]), confidence
    return True


def _centres(length: int, side: int) -> List[float]:
    """Centres of windows along a side of the image, the outer ones flush with its borders."""
    if side >= length:
        return [length / 2]
    steps = math.ceil((length - side) / (_STRIDE * side))
    return [side / 2 + (length - side) * i / steps for i in range(steps + 1)]
