"""Crossings: two tracks on one object, and the weaker of the two."""

from itertools import combinations
from typing import Dict, List, Mapping, Tuple

from mmeatrack.structures.boxes import Box
from mmeatrack.tracking import TrackerState

# Weight of the newest frame in the running mean of a track's agreement with its template.
_RENEWAL = 0.1


class Crossings:
    """Pairs of tracks on one object.

    Two targets may pass each other, but two tracks that overlap by an IoU of ``overlap`` for
    ``frames`` frames in a row share one object. It belongs to the track whose agreement with its
    template has fallen less since they met.
    """

    def __init__(self, overlap: float, frames: int) -> None:
        self._overlap, self._frames = overlap, frames
        self._leads: Dict[Tuple[int, int], List[float]] = {}
        self._usual: Dict[int, float] = {}

    def weaker(self, states: Mapping[int, TrackerState]) -> Dict[int, int]:
        """Return the id of each track on another's object, with that other track's id.

        ``states`` are those after a frame of the targets that are not lost, by id.
        """
        agreement = {key: state.cues.agreement for key, state in states.items() if state.cues}
        self._usual = {key: value for key, value in self._usual.items() if key in states}
        fallen = {key: self._usual.get(key, value) - value for key, value in agreement.items()}
        self._leads = {
            (first, second): [
                *self._leads.get((first, second), []),
                fallen[second] - fallen[first],
            ]
            for first, second in combinations(agreement, 2)
            if iou(states[first].box, states[second].box) >= self._overlap
        }
        found: Dict[int, int] = {}
        for (first, second), leads in self._leads.items():
            if len(leads) >= self._frames:
                loser, owner = (second, first) if sum(leads) > 0 else (first, second)
                found.setdefault(loser, owner)
        for key in filter(self.is_alone, agreement):
            self._usual[key] = agreement[key] + (1 - _RENEWAL) * fallen[key]
        return found

    def is_alone(self, key: int) -> bool:
        """True if the target's box lay on no other target's in the last frame."""
        return not any(key in pair for pair in self._leads)


def iou(first: Box, second: Box) -> float:
    """Intersection over union of two boxes (centre and size)."""
    sides = [
        min(a + s / 2, b + t / 2) - max(a - s / 2, b - t / 2)
        for a, s, b, t in zip(first[:2], first[2:], second[:2], second[2:])
    ]
    shared = max(sides[0], 0.0) * max(sides[1], 0.0)
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)
