"""Calibrated confidence: the probability that a predicted box is right, from its cues."""

import math
from typing import List, NamedTuple, Sequence

import numpy as np

from mmeatrack.structures.boxes import Box


class Cues(NamedTuple):
    """Per-frame confidence cues.

    Attributes:
        peak: Score map at the predicted cell, 0 to 1.
        side_lobe: Highest score outside the predicted box, 0 to 1, such as a look-alike's.
        agreement: Cosine similarity, -1 to 1, of the mean template token and the mean search token
            inside the target, both after stage 1.
        size_change: ``|log|`` of the ratio of the mean sides of box and first box: a tracker on the
            wrong target seldom keeps its size.
    """

    peak: float
    side_lobe: float
    agreement: float
    size_change: float


def size_change(first: Box, box: Box) -> float:
    """``|log|`` of the ratio of two boxes' mean sides (centre and size in image px)."""
    return 0.5 * abs(math.log((box[2] * box[3]) / (first[2] * first[3])))


def logit(share: float) -> float:
    """Logit of a share that is clamped to [1e-4, 1 - 1e-4]."""
    share = min(max(share, 1e-4), 1 - 1e-4)
    return math.log(share / (1 - share))


class CueFeatures:
    """Features of the regression: logit of the peak, lead, agreement, worst lead, size change.

    The lead is that of the peak over the side lobe, in logits. The worst lead is the minimum of its
    moving average so far. A tracker on the wrong target stays there, however high its score: the
    minimum therefore recovers by only a hundredth of the difference in each frame.
    """

    _DECAY, _RECOVERY = 0.8, 0.01

    def __init__(self) -> None:
        self._average = self._worst = math.nan

    def update(self, cues: Cues) -> List[float]:
        """Add a frame and return its five features."""
        peak = logit(cues.peak)
        lead = peak - logit(cues.side_lobe)
        if math.isnan(self._average):
            self._average = self._worst = lead
        self._average += (1 - self._DECAY) * (lead - self._average)
        recovered = self._worst + self._RECOVERY * (self._average - self._worst)
        self._worst = min(self._average, recovered)
        return [peak, lead, cues.agreement, self._worst, cues.size_change]


class CalibratedConfidence:
    """Logistic regression on a frame's cues: the probability that IoU is 0.5 or more.

    ``score = sigmoid(bias + weights . features)``, see :class:`CueFeatures`. One instance serves
    one video. ``tools/calibrate.py`` fits weights and bias to labelled videos.

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
        self._features = CueFeatures()

    def fresh_copy(self) -> 'CalibratedConfidence':
        """Return a copy with the same weights and without the video so far."""
        return type(self)(self.weights, self.bias)

    def update(self, cues: Cues) -> float:
        """Add a frame's cues and return its score, 0 to 1."""
        features = self._features.update(cues)
        total = self.bias + sum(w * v for w, v in zip(self.weights, features))
        return 1 / (1 + math.exp(-min(max(total, -30.0), 30.0)))


def fit_confidence(cues: np.ndarray, is_right: np.ndarray, ridge: float = 1e-3) -> np.ndarray:
    """Fit a logistic regression with a ridge penalty.

    Args:
        cues: (N, K) features of :class:`CueFeatures`.
        is_right: (N,) whether the prediction was right.
        ridge: Penalty on the squared weights of standardised cues, per sample.

    Returns:
        (K + 1,) weights, then the bias.

    Raises:
        ValueError: If all predictions are right, or all are wrong.
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
