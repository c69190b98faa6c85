"""Confidence of a prediction, and detection of a lost target."""

from mmeatrack.tracking.calibrated_confidence import fit_confidence
from mmeatrack.tracking.cues import Cues, size_change

from .calibrated_confidence import CalibratedConfidence
from .cues import mean_target_token, measure_cues
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
