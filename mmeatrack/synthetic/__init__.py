"""Procedural UAV videos with exact ground truth: a data set that needs no download."""

from .annotation import Annotation, annotate
from .plan import Plan, SequenceSpec, plan_sequence
from .renderer import Frame, generate_sequence, render
from .scenario import SCENARIOS
from .writer import GENERATOR_VERSION, split_specs, write_split

__all__ = [
    'GENERATOR_VERSION',
    'SCENARIOS',
    'Annotation',
    'Frame',
    'Plan',
    'SequenceSpec',
    'annotate',
    'generate_sequence',
    'plan_sequence',
    'render',
    'split_specs',
    'write_split',
]
