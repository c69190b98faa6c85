"""What hooks into mmengine's runner."""

from .hooks import (
    AutoPairHook,
    DeterministicResumeHook,
    NonFiniteGuardHook,
    SafeCheckpointHook,
    StudentExportHook,
    TeacherValHook,
    TemporalAdaptationHook,
    TrueViewsHook,
)

__all__ = [
    'AutoPairHook',
    'DeterministicResumeHook',
    'NonFiniteGuardHook',
    'SafeCheckpointHook',
    'StudentExportHook',
    'TeacherValHook',
    'TemporalAdaptationHook',
    'TrueViewsHook',
]
