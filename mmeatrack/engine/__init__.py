"""Hooks and optimizer wrappers for mmengine's runner."""

from . import hooks
from .grouped_optim import GroupedOptimWrapperConstructor
from .guarded_optim import GuardedAmpOptimWrapper, GuardedOptimWrapper
from .hooks import *  # noqa: F403

__all__ = [
    'GroupedOptimWrapperConstructor',
    'GuardedAmpOptimWrapper',
    'GuardedOptimWrapper',
    *hooks.__all__,
]
