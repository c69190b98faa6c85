"""Transforms that MMTracking does not have."""

from .load_frame import LoadFrame

__all__ = ['LoadFrame']
