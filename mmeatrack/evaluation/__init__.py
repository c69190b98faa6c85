"""Evaluation of single object trackers.

The functions are plain numpy; :mod:`mmeatrack.evaluation.metrics` holds the metric for test runs.
"""

from .ope import (
    NORM_PRECISION_THRESHOLDS,
    PRECISION_THRESHOLDS,
    SUCCESS_THRESHOLDS,
    OPEScores,
    SequenceScores,
    ope_scores,
)

__all__ = [
    'NORM_PRECISION_THRESHOLDS',
    'PRECISION_THRESHOLDS',
    'SUCCESS_THRESHOLDS',
    'OPEScores',
    'SequenceScores',
    'ope_scores',
]
