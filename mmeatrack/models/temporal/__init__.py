"""Temporal adaptation: the Target Store, its sampling and its fusion."""

from .activation import FUSIONS, SAMPLINGS
from .target_store import StoreEntry, StoreStatistics, TargetStore

__all__ = ['FUSIONS', 'SAMPLINGS', 'StoreEntry', 'StoreStatistics', 'TargetStore']
