"""Recorder that finds a backbone's layer by its number instead of its module's name."""

from typing import Any, Optional

from mmrazor.models.task_modules import ModuleOutputsRecorder
from torch import nn

from mmeatrack.models.backbones.protocol import has_layer, joint_layers
from mmeatrack.registry import TASK_UTILS


@TASK_UTILS.register_module()
class LayerOutputsRecorder(ModuleOutputsRecorder):
    """Records the tokens that leave layer ``source`` of a :class:`NumberedBackbone`.

    Layers of an :class:`AsymmetricViT` count from 0 through both stages: 6 is the first joint layer
    of the student (6, 2) and the seventh of a teacher (0, 12).

    Example:
        >>> from mmeatrack.models import AsymmetricViT
        >>> model = nn.Module()
        >>> model.backbone = AsymmetricViT(separate_depth=6, joint_depth=2)
        >>> recorder = LayerOutputsRecorder(source=7)  # dict(type='mmeatrack.LayerOutputs', ...)
        >>> recorder.initialize(model)
        >>> recorder.source
        'backbone.joint_stage.1'
    """

    def __init__(self, source: int) -> None:
        super().__init__(source=source)
        self.layer = source

    def prepare_from_model(self, model: Optional[nn.Module] = None) -> None:
        """Hook the layer; raises ValueError if the backbone has no such joint layer."""
        name = joint_layer_name(getattr(model, 'backbone', None), self.layer)
        self._source = f'backbone.{name}'
        super().prepare_from_model(model)


def joint_layer_name(backbone: Any, layer: int) -> str:
    """Name of a joint layer within its backbone.

    Raises:
        ValueError: If the backbone does not number its layers, has no such layer, or the layer
            belongs to the separate stage.
    """
    joint = joint_layers(backbone)
    name: str = backbone.layer_name(layer)
    if not has_layer(backbone, layer):
        raise ValueError(
            f'there is no layer {layer}: layer_name({layer}) is {name!r}, which is no module of '
            f'{type(backbone).__name__}; its joint layers are {joint}.'
        )
    if layer not in joint:
        raise ValueError(
            f'layer {layer} belongs to the separate stage, which sees template and search apart; '
            f'pair one of the joint layers {joint[0]} to {joint[-1]}.'
        )
    return name
