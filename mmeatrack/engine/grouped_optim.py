"""Optimizer construction with few parameter groups."""

from typing import Any, Dict, List, Tuple

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from mmeatrack.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class GroupedOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """mmengine's constructor, with one group for all parameters of equal settings.

    With a ``paramwise_cfg`` mmengine makes a group of each parameter, so that the optimizer's
    batched kernels (``foreach``, ``fused``) have one tensor to work on at a time. Joined by their
    learning rate and decay, the parameters of a tracker form two to four groups. The updates are
    the same.

    ``paramwise_cfg`` takes one key more: with ``plain_decay=False`` biases, norms and position
    embeddings do not decay, as in timm. mmengine's ``norm_decay_mult`` and ``bias_decay_mult`` do
    not reach the parameters of a custom key, such as those of the backbone below.

    Example:
        >>> optim_wrapper = dict(
        ...     constructor='mmeatrack.GroupedOptimWrapperConstructor',
        ...     optimizer=dict(type='AdamW', lr=4e-4, weight_decay=1e-4),
        ...     paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1)), plain_decay=False),
        ... )
    """

    def add_params(
        self, params: List[dict], module: nn.Module, prefix: str = '', **kwargs: Any
    ) -> None:
        """Add a module's groups to ``params``; those of the whole model (no prefix) are joined."""
        super().add_params(params, module, prefix, **kwargs)
        if prefix:
            return
        if not (self.paramwise_cfg or {}).get('plain_decay', True):
            without = {id(p) for name, p in module.named_parameters() if not decays(name, p)}
            for group in params:
                if id(group['params'][0]) in without:
                    group['weight_decay'] = 0.0
        params[:] = _joined(params)


def decays(name: str, parameter: nn.Parameter) -> bool:
    """True if a parameter decays in timm's recipes: weights, but no bias, norm or position."""
    return parameter.ndim > 1 and not name.endswith('pos_embed')


def _joined(groups: List[dict]) -> List[dict]:
    """Join the groups of equal settings, in the order of their first parameters."""
    by_settings: Dict[Tuple[Any, ...], dict] = {}
    for group in groups:
        settings = {key: value for key, value in group.items() if key != 'params'}
        joined = by_settings.setdefault(tuple(sorted(settings.items())), dict(settings, params=[]))
        joined['params'].extend(group['params'])
    return list(by_settings.values())
