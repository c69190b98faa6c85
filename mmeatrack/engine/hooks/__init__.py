"""Hooks: benchmark runs, temporal adaptation, distillation, and fault-tolerant training."""

from .auto_pair_hook import AutoPairHook
from .benchmark_run_hook import BenchmarkRunHook
from .deterministic_resume_hook import DeterministicResumeHook
from .display_hooks import BenchmarkProgressHook, SOTVisualizationHook
from .distillation_hooks import StopDistillHook, TeacherValHook
from .non_finite_guard_hook import NonFiniteGuardHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .student_export_hook import StudentExportHook
from .temporal_adaptation_hook import OracleViewsHook, TemporalAdaptationHook, TrueViewsHook
from .wall_time_hook import WallTimeHook

__all__ = [
    'AutoPairHook',
    'BenchmarkProgressHook',
    'BenchmarkRunHook',
    'DeterministicResumeHook',
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
