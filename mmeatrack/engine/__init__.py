"""What hooks into mmengine's runner."""

from .hooks import StudentExportHook, TemporalAdaptationHook

__all__ = ['StudentExportHook', 'TemporalAdaptationHook']
