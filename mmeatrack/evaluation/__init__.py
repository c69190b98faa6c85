"""Evaluation of single object trackers.

The functions are plain numpy; :mod:`mmeatrack.evaluation.metrics` holds the metric for test runs.
"""

from .box_text import parse_boxes, read_boxes
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
    'parse_boxes',
    'read_boxes',
]
