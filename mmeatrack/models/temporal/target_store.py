"""Registration of the Target Store, whose own module needs neither torch nor mmengine."""

from mmeatrack.registry import MODELS
from mmeatrack.tracking.target_store import TargetStore

MODELS.register_module(module=TargetStore)

__all__ = ['TargetStore']
