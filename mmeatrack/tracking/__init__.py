"""Tracking logic between two runs of the network, in plain Python and NumPy.

The tracker in PyTorch and the deployed one share it: state of a video, search window, Target Store,
calibrated score, lost detector. Tokens are arrays of either library.
"""

from .calibrated_confidence import CalibratedConfidence, Cues
from .lost_detector import LostDetector
from .settings import complete_settings
from .state import TrackerState, VideoParts, adapt, advance, begin, search_window
from .target_store import TargetStore

__all__ = [
    'CalibratedConfidence',
    'Cues',
    'LostDetector',
    'TargetStore',
    'TrackerState',
    'VideoParts',
    'adapt',
    'advance',
    'begin',
    'complete_settings',
    'search_window',
]
