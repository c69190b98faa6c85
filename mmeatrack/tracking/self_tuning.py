"""Self-tuned threshold and interval of the Target Store."""

import math
from typing import Union

AUTO = 'auto'

# Bounds of a calibrated score: below the lower one, a view in ten is wrong in any video; above the
# upper one, hardly any view is left.
_LEAST, _MOST = 0.9, 0.99
# Bounds of the frames between activations: time to use a view, and time for a target to change.
_SHORTEST, _LONGEST = 3, 15


class ScoreStatistics:
    """Running mean and standard deviation of a video's scores (Welford's algorithm)."""

    def __init__(self) -> None:
        self.count, self.mean = 0, 0.0
        self._squares = 0.0

    def update(self, score: float) -> None:
        """Add a score."""
        self.count += 1
        step = score - self.mean
        self.mean += step / self.count
        self._squares += step * (score - self.mean)

    @property
    def deviation(self) -> float:
        """Standard deviation, with the divisor N; 0 before the second score."""
        return math.sqrt(self._squares / self.count) if self.count else 0.0


def least_score(threshold: Union[float, str], statistics: ScoreStatistics) -> float:
    """Least score at which a frame may be stored.

    'auto' takes the mean + 1 std of the scores, clamped to [0.9, 0.99]: where the scores of a video
    vary, a stored view has to stand out. It needs a calibrated score, see
    :class:`CalibratedConfidence`; the peak of a score map seldom reaches 0.9.
    """
    if isinstance(threshold, str):
        return min(max(statistics.mean + statistics.deviation, _LEAST), _MOST)
    return threshold


def interval_ends(
    interval: Union[int, str], frame: int, since: int, score: float, statistics: ScoreStatistics
) -> bool:
    """Return whether an activation is due in a frame, ``since`` frames after the last one.

    'auto' waits for 15 frames, or for 3 if the score has fallen below mean - 1 std of those so far:
    the views in use are then out of date.
    """
    if isinstance(interval, str):
        is_outdated = score < statistics.mean - statistics.deviation
        return since >= (_SHORTEST if is_outdated else _LONGEST)
    return frame % interval == 0
