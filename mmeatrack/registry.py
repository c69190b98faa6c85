"""Registries of scope ``mmeatrack``, children of MMEngine's root registries.

A part is named with its scope in a config, ``dict(type='mmeatrack.EATrack')``. The modules of a
location are imported at the first look-up in its registry, and not before.
"""

import inspect
from typing import Any, Optional

from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import TASK_UTILS as MMENGINE_TASK_UTILS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import VISUALIZERS as MMENGINE_VISUALIZERS
from mmengine.registry import Registry, build_model_from_cfg


def build_part(cfg: Any, registry: Registry, default_args: Optional[dict] = None) -> Any:
    """Build a part of a model as MMEngine does; TypeError names the arguments that it takes."""
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


MODELS = Registry(
    'model',
    build_func=build_part,
    parent=MMENGINE_MODELS,
    scope='mmeatrack',
    locations=['mmeatrack.models'],
)
DATASETS = Registry(
    'dataset', parent=MMENGINE_DATASETS, scope='mmeatrack', locations=['mmeatrack.datasets']
)
TRANSFORMS = Registry(
    'transform', parent=MMENGINE_TRANSFORMS, scope='mmeatrack', locations=['mmeatrack.datasets']
)
METRICS = Registry(
    'metric', parent=MMENGINE_METRICS, scope='mmeatrack', locations=['mmeatrack.evaluation.metrics']
)
HOOKS = Registry('hook', parent=MMENGINE_HOOKS, scope='mmeatrack', locations=['mmeatrack.engine'])
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor',
    parent=MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS,
    scope='mmeatrack',
    locations=['mmeatrack.engine'],
)
OPTIM_WRAPPERS = Registry(
    'optimizer wrapper',
    parent=MMENGINE_OPTIM_WRAPPERS,
    scope='mmeatrack',
    locations=['mmeatrack.engine'],
)
TASK_UTILS = Registry(
    'task util', parent=MMENGINE_TASK_UTILS, scope='mmeatrack', locations=['mmeatrack.models']
)
VISUALIZERS = Registry(
    'visualizer',
    parent=MMENGINE_VISUALIZERS,
    scope='mmeatrack',
    locations=['mmeatrack.visualization.sot_local_visualizer'],
)

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
