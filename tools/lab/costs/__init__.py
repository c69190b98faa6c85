"""Costs of training and tracking: interleaved times, peak memory, data loading."""

from .interleaving import Ratio, interleave, ratio_of_rounds, ratio_of_typical_periods
from .report import BenchmarkReport

__all__ = ['BenchmarkReport', 'Ratio', 'interleave', 'ratio_of_rounds', 'ratio_of_typical_periods']
