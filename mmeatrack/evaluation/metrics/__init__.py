"""Metrics for MMEngine's evaluators."""

from .uav_sot_metric import UAVSOTMetric

__all__ = ['UAVSOTMetric']
