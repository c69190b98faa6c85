"""Threshold and interval of the Target Store that follow a video's own scores."""

import math
from typing import Union

AUTO = 'auto'

# Of a calibrated score: below, one view in ten is wrong, whatever the video; above, none is left.
_LEAST, _MOST = 0.9, 0.99
# Frames between activations: not before the view in use was looked at, nor much later than a target
# takes to change.
_SHORTEST, _LONGEST = 3, 15


class ScoreStatistics:
    """Mean and standard deviation of a video's scores so far (Welford's algorithm).

    Attributes:
        count: Scores taken in.
        mean: Their mean; 0 before the first.
    """

    def __init__(self) -> None:
        self.count, self.mean = 0, 0.0
        self._squares = 0.0

    def update(self, score: float) -> None:
        """Take a score in."""
        self.count += 1
        step = score - self.mean
        self.mean += step / self.count
        self._squares += step * (score - self.mean)

    @property
    def deviation(self) -> float:
        """Standard deviation of the population; 0 before the second score."""
        return math.sqrt(self._squares / self.count) if self.count else 0.0


def least_score(threshold: Union[float, str], statistics: ScoreStatistics) -> float:
    """Score from which a frame may be stored: the threshold, or by 'auto' one of the video's own.

    That is the scores' mean and their standard deviation more, from 0.9 to 0.99: in a video whose
    scores vary, what is stored has to stand out. It takes a calibrated score, see
    :class:`CalibratedConfidence`; the peak of a score map seldom reaches 0.9.
    """
    if isinstance(threshold, str):
        return min(max(statistics.mean + statistics.deviation, _LEAST), _MOST)
    return threshold


def interval_ends(
    interval: Union[int, str], frame: int, since: int, score: float, statistics: ScoreStatistics
) -> bool:
    """Whether an activation is due.

    By 'auto' it is after 3 frames at the earliest, when the score falls by more than a standard
    deviation below its mean, for then the views in use have aged; and after 15 at the latest.

    Args:
        interval: Frames, or 'auto'.
        frame: Frame counted from the initialisation.
        since: Frames since the last activation.
        score: The frame's score.
        statistics: Of the scores so far.
    """
    if isinstance(interval, str):
        has_aged = score < statistics.mean - statistics.deviation
        return since >= (_SHORTEST if has_aged else _LONGEST)
    return frame % interval == 0
