"""Frozen teachers: construction, weights, and trackers of mmtrack as teachers."""

from .mmtrack_teacher import MMTrackTeacher

__all__ = ['MMTrackTeacher']
