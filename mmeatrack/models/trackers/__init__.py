"""Trackers: EATrack, student and teacher alike."""

from mmeatrack.tracking import TrackerState

from .eatrack import EATrack

__all__ = ['EATrack', 'TrackerState']
