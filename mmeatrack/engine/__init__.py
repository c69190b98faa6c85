"""What hooks into mmengine's runner."""

from .hooks import (
    AutoPairHook,
    DeterministicResumeHook,
    NonFiniteGuardHook,
    ReferenceViewsHook,
    SafeCheckpointHook,
    StudentExportHook,
    TeacherValHook,
    TemporalAdaptationHook,
)

__all__ = [
    'AutoPairHook',
    'DeterministicResumeHook',
    'NonFiniteGuardHook',
    'ReferenceViewsHook',
    'SafeCheckpointHook',
    'StudentExportHook',
    'TeacherValHook',
    'TemporalAdaptationHook',
]
