"""Two tracks on one object: the weaker one is seen."""

from itertools import combinations
from typing import Dict, List, Mapping, Tuple

from mmeatrack.multi.rules import TrackRules
from mmeatrack.structures.boxes import Box
from mmeatrack.tracking import TrackerState

# Weight of the newest frame in the usual agreement of a target with its template.
_RENEWAL = 0.1


class Crossings:
    """Watch over pairs of tracks that lie on one object.

    Two targets may pass each other; two tracks that stay together share one object. The object
    belongs to the track whose tokens agree with its template as they did before; the other one's
    agreement has fallen.

    Args:
        rules: Overlap and frames that make two tracks one.
    """

    def __init__(self, rules: TrackRules) -> None:
        self._rules = rules
        self._together: Dict[Tuple[int, int], List[float]] = {}
        self._usual: Dict[int, float] = {}

    def weaker(self, states: Mapping[int, TrackerState]) -> Dict[int, int]:
        """Tracks that lie on another one's object, with the id of that one.

        Args:
            states: States of the targets that are not lost, by id, after a frame.
        """
        pairs = [
            pair
            for pair in combinations(states, 2)
            if iou(states[pair[0]].box, states[pair[1]].box) >= self._rules.crossing_overlap
        ]
        self._together = {pair: self._together.get(pair, []) for pair in pairs}
        found: Dict[int, int] = {}
        for (first, second), leads in self._together.items():
            leads.append(self._fall(second, states) - self._fall(first, states))
            if len(leads) >= (self._rules.crossing_frames or 1):
                loser, owner = (second, first) if sum(leads) > 0 else (first, second)
                found.setdefault(loser, owner)
        alone = set(states) - {key for pair in pairs for key in pair}
        for key in alone:
            self._renew(key, states[key])
        self._usual = {key: value for key, value in self._usual.items() if key in states}
        return found

    def is_alone(self, key: int) -> bool:
        """True if a target's box lay on no other one in the last frame."""
        return not any(key in pair for pair in self._together)

    def _fall(self, key: int, states: Mapping[int, TrackerState]) -> float:
        cues = states[key].cues
        return 0.0 if cues is None else self._usual.get(key, cues.agreement) - cues.agreement

    def _renew(self, key: int, state: TrackerState) -> None:
        if state.cues is not None:
            last = self._usual.get(key, state.cues.agreement)
            self._usual[key] = last + _RENEWAL * (state.cues.agreement - last)


def iou(first: Box, second: Box) -> float:
    """Intersection over union of two boxes, centre and size."""
    sides = [
        min(a + s / 2, b + t / 2) - max(a - s / 2, b - t / 2)
        for a, s, b, t in zip(first[:2], first[2:], second[:2], second[2:])
    ]
    shared = max(sides[0], 0.0) * max(sides[1], 0.0)
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)
