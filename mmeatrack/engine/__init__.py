"""Hooks and optimizer wrappers for mmengine's runner."""

from .grouped_optim import GroupedOptimWrapperConstructor
from .guarded_optim import GuardedAmpOptimWrapper, GuardedOptimWrapper
from .hooks import (
    AutoPairHook,
    BenchmarkProgressHook,
    BenchmarkRunHook,
    DeterministicResumeHook,
    NonFiniteGuardHook,
    OracleViewsHook,
    SafeCheckpointHook,
    SOTVisualizationHook,
    StopDistillHook,
    StudentExportHook,
    TeacherValHook,
    TemporalAdaptationHook,
    TrueViewsHook,
    WallTimeHook,
)

__all__ = [
    'AutoPairHook',
    'BenchmarkProgressHook',
    'BenchmarkRunHook',
    'DeterministicResumeHook',
    'GroupedOptimWrapperConstructor',
    'GuardedAmpOptimWrapper',
    'GuardedOptimWrapper',
    'NonFiniteGuardHook',
    'OracleViewsHook',
    'SOTVisualizationHook',
    'SafeCheckpointHook',
    'StopDistillHook',
    'StudentExportHook',
    'TeacherValHook',
    'TemporalAdaptationHook',
    'TrueViewsHook',
    'WallTimeHook',
]
