"""Transforms that MMTracking does not have."""

from .load_frame import LoadFrame
from .near_sampling import NearSampling

__all__ = ['LoadFrame', 'NearSampling']
