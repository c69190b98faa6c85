"""Registries of scope ``mmeatrack``, children of MMEngine's root registries.

A config names a part with its scope, ``dict(type='mmeatrack.EATrack')``. The first look-up in a
registry imports the modules at its location.
"""

import inspect
from typing import Any, Optional

from mmengine import registry as mmengine_registry
from mmengine.registry import Registry, build_model_from_cfg


def build_part(cfg: Any, registry: Registry, default_args: Optional[dict] = None) -> Any:
    """Build a part of a model; the TypeError of an unknown argument lists the known ones."""
    try:
        return build_model_from_cfg(cfg, registry, default_args)
    except TypeError as error:
        kind = cfg.get('type') if isinstance(cfg, dict) else None
        kind = registry.get(kind) if isinstance(kind, str) else kind
        if kind is None or 'unexpected keyword argument' not in str(error):
            raise
        taken = list(inspect.signature(kind).parameters)
        stray = sorted(set(cfg) - {'type', *taken})
        if not stray or 'kwargs' in taken:
            raise
        raise TypeError(f'{kind.__name__} takes no {stray}; it takes {taken}.') from error


def _child_of(root: Registry, location: str, **options: Any) -> Registry:
    locations = [f'mmeatrack.{location}']
    return Registry(root.name, parent=root, scope='mmeatrack', locations=locations, **options)


MODELS = _child_of(mmengine_registry.MODELS, 'models', build_func=build_part)
TASK_UTILS = _child_of(mmengine_registry.TASK_UTILS, 'models')
DATASETS = _child_of(mmengine_registry.DATASETS, 'datasets')
TRANSFORMS = _child_of(mmengine_registry.TRANSFORMS, 'datasets')
METRICS = _child_of(mmengine_registry.METRICS, 'evaluation.metrics')
HOOKS = _child_of(mmengine_registry.HOOKS, 'engine')
OPTIM_WRAPPERS = _child_of(mmengine_registry.OPTIM_WRAPPERS, 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child_of(mmengine_registry.OPTIM_WRAPPER_CONSTRUCTORS, 'engine')
VISUALIZERS = _child_of(mmengine_registry.VISUALIZERS, 'visualization.sot_local_visualizer')

__all__ = [
    'DATASETS',
    'HOOKS',
    'METRICS',
    'MODELS',
    'OPTIM_WRAPPERS',
    'OPTIM_WRAPPER_CONSTRUCTORS',
    'TASK_UTILS',
    'TRANSFORMS',
    'VISUALIZERS',
]
