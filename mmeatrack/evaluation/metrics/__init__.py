"""Metrics for MMEngine's evaluators."""

from .uav_mot_metric import UAVMOTMetric
from .uav_sot_metric import UAVSOTMetric

__all__ = ['UAVMOTMetric', 'UAVSOTMetric']
