"""Tracking of many targets at once, with a status of each for an autopilot.

Nothing here imports torch: any :class:`Network` will do.
"""

from .multi_tracker import MultiTracker, Network
from .status import StatusKeeper, Track, TrackResult, TrackRules, TrackStatus
from .status_log import StatusLog

__all__ = [
    'MultiTracker',
    'Network',
    'StatusKeeper',
    'StatusLog',
    'Track',
    'TrackResult',
    'TrackRules',
    'TrackStatus',
]
