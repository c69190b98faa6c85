"""Confidence of a prediction, and detection of a lost target."""

from .calibrated_confidence import CalibratedConfidence, fit_confidence
from .cues import Cues, mean_target_token, measure_cues, size_change
from .lost_detector import LostDetector

__all__ = [
    'CalibratedConfidence',
    'Cues',
    'LostDetector',
    'fit_confidence',
    'mean_target_token',
    'measure_cues',
    'size_change',
]
