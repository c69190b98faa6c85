"""Experiments as resumable stages: what ``tools/demo.py`` and ``tools/ablation.py`` are made of."""

from .commands import benchmark_stage, train_stage
from .stage import Stage, StageError, run_stages

__all__ = ['Stage', 'StageError', 'benchmark_stage', 'run_stages', 'train_stage']
