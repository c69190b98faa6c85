"""Registration of the lost detector, whose own module needs neither torch nor mmengine."""

from mmeatrack.registry import MODELS
from mmeatrack.tracking.lost_detector import LostDetector

MODELS.register_module(module=LostDetector)

__all__ = ['LostDetector']
