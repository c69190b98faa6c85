"""What hooks into mmengine's runner."""

from .grouped_optim import GroupedOptimWrapperConstructor
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
    'GroupedOptimWrapperConstructor',
    'NonFiniteGuardHook',
    'SafeCheckpointHook',
    'StudentExportHook',
    'TeacherValHook',
    'TemporalAdaptationHook',
    'TrueViewsHook',
]
