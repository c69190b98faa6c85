"""Experiments of resumable stages, for ``tools/demo.py`` and the ablations."""

from .stage import Stage, StageError, run_stages

__all__ = ['Stage', 'StageError', 'run_stages']
