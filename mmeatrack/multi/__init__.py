"""Many targets at once, and a status of each for an autopilot.

Nothing here imports torch: the network is whatever has the methods of :class:`Network`.
"""

from .multi_tracker import MultiTracker
from .network import Network
from .rules import TrackRules
from .status import StatusKeeper, Track, TrackResult, TrackStatus
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
