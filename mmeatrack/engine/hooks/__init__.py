"""Hooks: benchmark runs, temporal adaptation, and what a training needs to come to its end."""

from .auto_pair_hook import AutoPairHook
from .benchmark_progress_hook import BenchmarkProgressHook
from .benchmark_run_hook import BenchmarkRunHook
from .deterministic_resume_hook import DeterministicResumeHook
from .non_finite_guard_hook import NonFiniteGuardHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .sot_visualization_hook import SOTVisualizationHook
from .student_export_hook import StudentExportHook
from .teacher_val_hook import TeacherValHook
from .temporal_adaptation_hook import TemporalAdaptationHook
from .true_views_hook import TrueViewsHook
from .wall_time_hook import WallTimeHook

__all__ = [
    'AutoPairHook',
    'BenchmarkProgressHook',
    'BenchmarkRunHook',
    'DeterministicResumeHook',
    'NonFiniteGuardHook',
    'SOTVisualizationHook',
    'SafeCheckpointHook',
    'StudentExportHook',
    'TeacherValHook',
    'TemporalAdaptationHook',
    'TrueViewsHook',
    'WallTimeHook',
]
