"""Hooks: benchmark runs, temporal adaptation and student export."""

from .benchmark_progress_hook import BenchmarkProgressHook
from .benchmark_run_hook import BenchmarkRunHook
from .student_export_hook import StudentExportHook
from .temporal_adaptation_hook import TemporalAdaptationHook

__all__ = [
    'BenchmarkProgressHook',
    'BenchmarkRunHook',
    'StudentExportHook',
    'TemporalAdaptationHook',
]
