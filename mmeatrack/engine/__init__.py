"""What hooks into mmengine's runner."""

from .hooks import AutoPairHook, StudentExportHook, TeacherValHook, TemporalAdaptationHook

__all__ = ['AutoPairHook', 'StudentExportHook', 'TeacherValHook', 'TemporalAdaptationHook']
