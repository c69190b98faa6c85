"""Temporal adaptation: the Target Store of :mod:`mmeatrack.tracking`, registered here."""

from mmeatrack.registry import MODELS
from mmeatrack.tracking.activation import FUSIONS, SAMPLINGS
from mmeatrack.tracking.target_store import StoreEntry, StoreStatistics, TargetStore

MODELS.register_module(module=TargetStore)

__all__ = ['FUSIONS', 'SAMPLINGS', 'StoreEntry', 'StoreStatistics', 'TargetStore']
