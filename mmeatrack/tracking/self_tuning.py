"""Self-tuned threshold and interval of the Target Store."""

import math
from typing import Union

AUTO = 'auto'

# Bounds of a calibrated score: below the lower one a view in ten is wrong in any video, and above
# the upper one no view is left.
_LEAST, _MOST = 0.9, 0.99
# Bounds of the frames between activations: time to use a view, and time in which a target changes.
_SHORTEST, _LONGEST = 3, 15


class ScoreStatistics:
    """Mean and standard deviation of a video's scores so far (Welford's algorithm).

    Attributes:
        count: Number of scores.
        mean: Their mean; 0 before the first.
    """

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
        """Standard deviation of the population; 0 before the second score."""
        return math.sqrt(self._squares / self.count) if self.count else 0.0


def least_score(threshold: Union[float, str], statistics: ScoreStatistics) -> float:
    """Least score of a frame that may be stored.

    The threshold itself, or for 'auto' the scores' mean + 1 std, clamped to [0.9, 0.99]: where the
    scores of a video vary, a stored view has to stand out. 'auto' needs a calibrated score, see
    :class:`CalibratedConfidence`; the peak of a score map seldom reaches 0.9.
    """
    if isinstance(threshold, str):
        return min(max(statistics.mean + statistics.deviation, _LEAST), _MOST)
    return threshold


def interval_ends(
    interval: Union[int, str], frame: int, since: int, score: float, statistics: ScoreStatistics
) -> bool:
    """Return whether an activation is due in a frame, ``since`` frames after the last one.

    For 'auto' it is due after 15 frames, or after 3 or more as soon as the score falls to less than
    mean - 1 std of those so far: the views in use have then aged.
    """
    if isinstance(interval, str):
        has_aged = score < statistics.mean - statistics.deviation
        return since >= (_SHORTEST if has_aged else _LONGEST)
    return frame % interval == 0
