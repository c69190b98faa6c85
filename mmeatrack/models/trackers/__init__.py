"""Trackers: EATrack, student and teacher alike."""

from .eatrack import EATrack
from .state import TrackerState

__all__ = ['EATrack', 'TrackerState']
