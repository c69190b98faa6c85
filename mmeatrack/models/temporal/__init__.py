"""Temporal adaptation: the Target Store, how it samples and how it fuses."""

from .fusion import FUSIONS
from .sampling import SAMPLINGS
from .target_store import StoreEntry, StoreStatistics, TargetStore

__all__ = ['FUSIONS', 'SAMPLINGS', 'StoreEntry', 'StoreStatistics', 'TargetStore']
