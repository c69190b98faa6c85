"""Hooks: benchmark runs, temporal adaptation, distillation, and trainings that survive faults."""

from .auto_pair_hook import AutoPairHook
from .benchmark_progress_hook import BenchmarkProgressHook
from .benchmark_run_hook import BenchmarkRunHook
from .deterministic_resume_hook import DeterministicResumeHook
from .non_finite_guard_hook import NonFiniteGuardHook
from .oracle_views_hook import OracleViewsHook, TrueViewsHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .sot_visualization_hook import SOTVisualizationHook
from .stop_distill_hook import StopDistillHook
from .student_export_hook import StudentExportHook
from .teacher_val_hook import TeacherValHook
from .temporal_adaptation_hook import TemporalAdaptationHook
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
