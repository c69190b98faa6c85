"""Calibrated confidence, the probability that the predicted box is right, and its cues."""

import math
from typing import List, NamedTuple, Sequence

import numpy as np

from mmeatrack.structures.boxes import Box


class Cues(NamedTuple):
    """Cues of one frame.

    Attributes:
        peak: Score map at the predicted cell, 0 to 1.
        side_lobe: Highest score outside the predicted box, 0 to 1: a look-alike's, for instance.
        agreement: Cosine similarity, -1 to 1, of the mean template token and the mean search token
            inside the target; after stage 1, before the tokens of both crops meet.
        size_change: ``|log|`` of the box's mean side over that of the first frame, 0 or more: a
            tracker on the wrong target seldom keeps its size.
    """

    peak: float
    side_lobe: float
    agreement: float
    size_change: float


def size_change(first: Box, box: Box) -> float:
    """``|log|`` of the ratio of two boxes' mean sides (centre and size in image px)."""
    return 0.5 * abs(math.log((box[2] * box[3]) / (first[2] * first[3])))


_MARGIN = 1e-4


def cue_vector(cues: Cues, worst: float) -> List[float]:
    """Vector of a frame's cues: peak and lead in logits, agreement, worst lead, size change."""
    return [logit(cues.peak), lead(cues), cues.agreement, worst, cues.size_change]


def lead(cues: Cues) -> float:
    """Lead of the peak over the side lobe, in logits."""
    return logit(cues.peak) - logit(cues.side_lobe)


def logit(share: float) -> float:
    """Logarithm of the odds, of a share kept within [1e-4, 1 - 1e-4]."""
    share = min(max(share, _MARGIN), 1 - _MARGIN)
    return math.log(share / (1 - share))


class WorstLead:
    """Least moving average of :func:`lead` in a video so far, with slow recovery.

    A tracker on the wrong target stays there, however sure of it. The least average therefore
    recovers by only a hundredth of the way to the present one in each frame.
    """

    _DECAY, _RECOVERY = 0.8, 0.01

    def __init__(self) -> None:
        self._average = self._worst = math.nan

    def update(self, cues: Cues) -> float:
        """Add a frame; return the worst lead with it."""
        now = lead(cues)
        if math.isnan(self._average):
            self._average = self._worst = now
        self._average += (1 - self._DECAY) * (now - self._average)
        recovered = self._worst + self._RECOVERY * (self._average - self._worst)
        self._worst = min(self._average, recovered)
        return self._worst


class CalibratedConfidence:
    """Logistic regression on a frame's cues: the probability that IoU is 0.5 or more.

    ``score = sigmoid(bias + w . (logit(peak), lead, agreement, worst lead, size change))``, see
    :class:`Cues`, :func:`lead` and :class:`WorstLead`. ``tools/calibrate.py`` fits the weights to
    labelled videos. One instance serves one video.

    Raises:
        ValueError: If there are not five finite weights.

    Example:
        >>> from mmeatrack.models import CalibratedConfidence
        >>> from mmeatrack.tracking import Cues
        >>> confidence = CalibratedConfidence(weights=[1.0, 0.2, 2.0, 0.5, -3.0], bias=-2.0)
        >>> good = Cues(peak=0.9, side_lobe=0.1, agreement=0.8, size_change=0.1)
        >>> poor = Cues(peak=0.4, side_lobe=0.3, agreement=0.2, size_change=1.2)
        >>> [round(confidence.update(cues), 3) for cues in (good, poor)]
        [0.99, 0.024]
    """

    def __init__(self, weights: Sequence[float], bias: float) -> None:
        if len(weights) != 5 or not np.isfinite([*weights, bias]).all():
            raise ValueError(
                f'weights={list(weights)}, bias={bias}: give five finite weights, of peak, lead, '
                'agreement, worst lead and size change; tools/calibrate.py fits them.'
            )
        self.weights, self.bias = list(weights), bias
        self._worst_lead = WorstLead()

    def anew(self) -> 'CalibratedConfidence':
        """The same weights without the video so far."""
        return type(self)(self.weights, self.bias)

    def update(self, cues: Cues) -> float:
        """Add a frame's cues; return its score, 0 to 1."""
        values = cue_vector(cues, self._worst_lead.update(cues))
        total = self.bias + sum(w * v for w, v in zip(self.weights, values))
        return 1 / (1 + math.exp(-min(max(total, -30.0), 30.0)))


def fit_confidence(cues: np.ndarray, is_right: np.ndarray, ridge: float = 1e-3) -> np.ndarray:
    """Weights (K,), then the bias, of a logistic regression with a ridge penalty.

    Args:
        cues: (N, K) vectors of :func:`cue_vector`.
        is_right: (N,) whether the prediction was right.
        ridge: Penalty on the squared weights of standardised cues, per sample.

    Raises:
        ValueError: If all predictions are right, or none is.
    """
    truth = np.asarray(is_right, dtype=bool)
    if truth.all() or not truth.any():
        raise ValueError(
            f'{int(truth.sum())} of {len(truth)} predictions are right: a calibration needs both '
            'kinds. Use harder or easier videos.'
        )
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    mean, deviation = cues.mean(axis=0), np.maximum(cues.std(axis=0), 1e-9)
    strength = 1 / (ridge * len(truth)) if ridge else np.inf
    model = LogisticRegression(C=strength, solver='newton-cholesky', tol=1e-10, max_iter=200)
    model.fit((cues - mean) / deviation, truth)
    weights = model.coef_[0] / deviation
    return np.r_[weights, model.intercept_[0] - weights @ mean]
