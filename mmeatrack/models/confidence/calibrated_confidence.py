"""Cues to the probability that the predicted box is right."""

import math
from typing import List, Sequence

import numpy as np

from mmeatrack.models.confidence.cues import Cues
from mmeatrack.registry import MODELS

_MARGIN = 1e-4


def cue_vector(cues: Cues, memory: float) -> List[float]:
    """What the calibration weighs: logit of the peak and of the side lobe, agreement, memory."""
    return [logit(cues.peak), logit(cues.side_lobe), cues.agreement, memory]


def logit(share: float) -> float:
    """Logarithm of the odds, of a share kept within [1e-4, 1 - 1e-4]."""
    share = min(max(share, _MARGIN), 1 - _MARGIN)
    return math.log(share / (1 - share))


class CueMemory:
    """Moving average of the peak's lead over the side lobe, in logits, since the first frame.

    Args:
        decay: Share of the past in each frame's value.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.value: float = math.nan

    def update(self, cues: Cues) -> float:
        """Take a frame in; returns the average with it."""
        lead = logit(cues.peak) - logit(cues.side_lobe)
        past = lead if math.isnan(self.value) else self.value
        self.value = self.decay * past + (1 - self.decay) * lead
        return self.value


@MODELS.register_module()
class CalibratedConfidence:
    """Logistic regression on a frame's cues: the probability that IoU is 0.5 or more.

    ``score = sigmoid(bias + w . (logit(peak), logit(side_lobe), agreement, memory))``, memory being
    the moving average of ``logit(peak) - logit(side_lobe)``. ``tools/calibrate.py`` fits the
    weights to labelled videos. One instance serves one video.

    Args:
        weights: The four weights.
        bias: The bias.
        decay: Share of the past in the memory, 0 to 1.

    Raises:
        ValueError: If there are not four finite weights, or ``decay`` is out of range.
    """

    def __init__(self, weights: Sequence[float], bias: float, decay: float = 0.8) -> None:
        if len(weights) != 4 or not np.isfinite([*weights, bias]).all():
            raise ValueError(
                f'weights={list(weights)}, bias={bias}: give four finite weights, of the logits of '
                'peak and side lobe, the agreement and the memory; tools/calibrate.py fits them.'
            )
        if not 0 <= decay < 1:
            raise ValueError(f'decay={decay} must be at least 0 and below 1.')
        self.weights, self.bias = list(weights), bias
        self.memory = CueMemory(decay)

    def update(self, cues: Cues) -> float:
        """Take a frame's cues; returns its score, 0 to 1."""
        values = cue_vector(cues, self.memory.update(cues))
        total = self.bias + sum(w * v for w, v in zip(self.weights, values))
        return 1 / (1 + math.exp(-min(max(total, -30.0), 30.0)))


def fit_confidence(cues: np.ndarray, is_right: np.ndarray, ridge: float = 1e-3) -> np.ndarray:
    """Fit weights and bias by Newton's method on the penalised likelihood.

    Args:
        cues: (N, K) vectors of :func:`cue_vector`.
        is_right: (N,) whether the prediction was right.
        ridge: Penalty on the squared weights of standardised cues, per sample.

    Returns:
        (K + 1,) weights, then the bias.

    Raises:
        ValueError: If all predictions are right, or none is.
    """
    truth = np.asarray(is_right, dtype=np.float64)
    if not 0 < truth.sum() < len(truth):
        raise ValueError(
            f'{int(truth.sum())} of {len(truth)} predictions are right: a calibration needs both '
            'kinds. Use harder or easier videos.'
        )
    mean, deviation = cues.mean(axis=0), np.maximum(cues.std(axis=0), 1e-9)
    design = np.c_[(cues - mean) / deviation, np.ones(len(cues))]
    penalty = ridge * len(truth) * np.diag([1.0] * cues.shape[1] + [0.0])
    found = np.zeros(design.shape[1])
    for _ in range(50):
        probability = 1 / (1 + np.exp(-design @ found))
        gradient = design.T @ (probability - truth) + penalty @ found
        curvature = (design.T * (probability * (1 - probability))) @ design + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), gradient)
        found = found - step
        if np.abs(step).max() < 1e-8:
            break
    weights = found[:-1] / deviation
    return np.r_[weights, found[-1] - weights @ mean]
