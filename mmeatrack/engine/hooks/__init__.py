"""Hooks: benchmark runs, temporal adaptation and what a distillation needs around it."""

from .auto_pair_hook import AutoPairHook
from .benchmark_progress_hook import BenchmarkProgressHook
from .benchmark_run_hook import BenchmarkRunHook
from .student_export_hook import StudentExportHook
from .teacher_val_hook import TeacherValHook
from .temporal_adaptation_hook import TemporalAdaptationHook

__all__ = [
    'AutoPairHook',
    'BenchmarkProgressHook',
    'BenchmarkRunHook',
    'StudentExportHook',
    'TeacherValHook',
    'TemporalAdaptationHook',
]
