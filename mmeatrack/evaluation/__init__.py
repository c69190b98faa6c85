"""Evaluation of trackers: plain numpy functions, and in ``metrics`` the metrics of test runs."""

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
