"""Temporal adaptation: the Target Store, its sampling and its fusion."""

from mmeatrack.tracking.activation import FUSIONS, SAMPLINGS
from mmeatrack.tracking.target_store import StoreEntry, StoreStatistics

from .target_store import TargetStore

__all__ = ['FUSIONS', 'SAMPLINGS', 'StoreEntry', 'StoreStatistics', 'TargetStore']
