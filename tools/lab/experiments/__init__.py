"""Experiments of resumable stages, for ``tools/demo.py`` and the ablations."""

from .commands import benchmark_stage, train_stage
from .stage import Stage, StageError, run_stages

__all__ = ['Stage', 'StageError', 'benchmark_stage', 'run_stages', 'train_stage']
