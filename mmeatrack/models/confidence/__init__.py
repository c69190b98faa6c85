"""Confidence of a prediction, and detection of a lost target; registered here.

Both are of :mod:`mmeatrack.tracking`, which needs neither torch nor mmengine.
"""

from mmeatrack.registry import MODELS
from mmeatrack.tracking.calibrated_confidence import (
    CalibratedConfidence,
    Cues,
    fit_confidence,
    size_change,
)
from mmeatrack.tracking.lost_detector import LostDetector

from .cues import mean_target_token, measure_cues

MODELS.register_module(module=CalibratedConfidence)
MODELS.register_module(module=LostDetector)

__all__ = [
    'CalibratedConfidence',
    'Cues',
    'LostDetector',
    'fit_confidence',
    'mean_target_token',
    'measure_cues',
    'size_change',
]
