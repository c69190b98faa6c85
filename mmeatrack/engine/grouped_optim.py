"""Optimizer construction with few parameter groups."""

from typing import Any, Dict, List, Tuple

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from mmeatrack.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class GroupedOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """mmengine's constructor, with one group for all parameters of equal settings.

    With a ``paramwise_cfg`` mmengine makes one group for each parameter, which leaves the
    optimizer's batched kernels (``foreach``, ``fused``) a single tensor at a time. Joined by
    learning rate and decay, a tracker's parameters form two to four groups. The updates are equal.

    ``paramwise_cfg`` has one more key: with ``plain_decay=False`` biases, norms and position
    embeddings do not decay, as in timm. mmengine's ``norm_decay_mult`` and ``bias_decay_mult`` do
    not affect parameters of a custom key, such as those of the backbone below.

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
        """Add a module's groups to ``params``, and join those of the whole model (no prefix)."""
        super().add_params(params, module, prefix, **kwargs)
        if prefix:
            return
        plain_decay = (self.paramwise_cfg or {}).get('plain_decay', True)
        without = {
            id(parameter)
            for name, parameter in module.named_parameters()
            if not plain_decay and (parameter.ndim <= 1 or name.endswith('pos_embed'))
        }
        joined: Dict[Tuple[Any, ...], dict] = {}
        for group in params:
            parameters = group.pop('params')
            if id(parameters[0]) in without:
                group['weight_decay'] = 0.0
            same = joined.setdefault(tuple(sorted(group.items())), dict(group, params=[]))
            same['params'].extend(parameters)
        params[:] = joined.values()
