"""Hooks: temporal adaptation and student export."""

from .student_export_hook import StudentExportHook
from .temporal_adaptation_hook import TemporalAdaptationHook

__all__ = ['StudentExportHook', 'TemporalAdaptationHook']
