"""Sweep over the frame for a lost target."""

import copy
import math
from typing import List, Sequence, Tuple

from mmeatrack.structures import CropWindow
from mmeatrack.structures.boxes import Box
from mmeatrack.tracking import Cues, TrackerState
from mmeatrack.tracking.cues import size_change

# Step between windows over their side: a target is then well inside one of them.
_STRIDE = 0.5


class Sweep:
    """Windows over the frame for one lost target, from where it was last seen outwards, in turn.

    Args:
        box: Last sure box, centre and size in image px.
        image_size: ``(width, height)`` of the image.
        search_factor: Window's side over the target's mean side.
    """

    def __init__(self, box: Box, image_size: Tuple[int, int], search_factor: float) -> None:
        side = CropWindow.around(box, search_factor).size
        xs, ys = (_centres(length, side) for length in image_size)
        places = [(x, y) for y in ys for x in xs]
        places.sort(key=lambda place: math.hypot(place[0] - box[0], place[1] - box[1]))
        self.windows = [CropWindow.around((x, y, side, side), 1.0) for x, y in places]
        self._next = 0

    def take(self, count: int) -> List[CropWindow]:
        """The next windows; after the last one the first again."""
        count = min(count, len(self.windows))
        chosen = [self.windows[(self._next + i) % len(self.windows)] for i in range(count)]
        self._next = (self._next + count) % len(self.windows)
        return chosen


def best_candidate(
    state: TrackerState, found: Sequence[Tuple[Box, List[float]]], score: float
) -> bool:
    """Move the search of a lost target to the best candidate of a sweep, if one is good enough.

    It must look like the target by the score that shows it, where the present box does not.
    Whether it is the target, the next frames tell.

    Args:
        state: State of the target; its box is moved.
        found: What :meth:`Network.locate` gives for the sweep's windows.
        score: Score of the frame at the present box.

    Returns:
        Whether it was moved.
    """
    rated = [(_score(state, box, cues), box) for box, cues in found]
    best, (cx, cy, _, _) = max(rated, key=lambda item: item[0])
    is_sure = state.lost_detector.is_sure
    if is_sure(score) or not is_sure(best):
        return False
    state.box = (cx, cy, *state.sure_box[2:])
    return True


def _score(state: TrackerState, box: Box, values: Sequence[float]) -> float:
    peak, side_lobe, agreement = values
    if state.confidence is None:
        return peak
    cues = Cues(peak, side_lobe, agreement, size_change(state.first_box, box))
    return copy.deepcopy(state.confidence).update(cues)


def _centres(length: int, side: int) -> List[float]:
    """Centres of windows along a side of the image, the outer ones within it."""
    if side >= length:
        return [length / 2]
    steps = math.ceil((length - side) / (_STRIDE * side))
    return [side / 2 + (length - side) * i / steps for i in range(steps + 1)]
