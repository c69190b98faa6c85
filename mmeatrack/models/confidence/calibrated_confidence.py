"""Registration of the calibrated confidence, whose own module needs neither torch nor mmengine."""

from mmeatrack.registry import MODELS
from mmeatrack.tracking.calibrated_confidence import CalibratedConfidence

MODELS.register_module(module=CalibratedConfidence)

__all__ = ['CalibratedConfidence']
