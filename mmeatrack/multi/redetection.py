"""Sweep over the frame for a lost target."""

import math
from typing import List, Optional, Sequence, Tuple

from mmeatrack.structures import CropWindow
from mmeatrack.structures.boxes import Box
from mmeatrack.tracking import CalibratedConfidence, Cues, TrackerState
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
