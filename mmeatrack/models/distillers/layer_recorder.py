"""A recorder that finds a backbone's layer by its number instead of its module's name."""

from typing import Any, List, Optional

from mmrazor.models.task_modules import ModuleOutputsRecorder
from torch import nn

from mmeatrack.registry import TASK_UTILS


@TASK_UTILS.register_module()
class LayerOutputsRecorder(ModuleOutputsRecorder):
    """Records the tokens that leave layer ``source`` of an :class:`AsymmetricViT`.

    In configs: ``dict(type='mmeatrack.LayerOutputs', source=6)``. Layers count from 0 through both
    stages: 6 is the first joint layer of the student (6, 2) and the seventh of a teacher (0, 12).

    Args:
        source: Layer number.
    """

    def __init__(self, source: int) -> None:
        super().__init__(source=source)
        self.layer = source

    def prepare_from_model(self, model: Optional[nn.Module] = None) -> None:
        """Hook the layer; raises ValueError if the backbone has no such joint layer."""
        name = joint_layer_name(model, self.layer)
        self._source = f'backbone.{name}'
        super().prepare_from_model(model)


def joint_layers(model: Any) -> List[int]:
    """Numbers of the joint layers of the model's backbone, an :class:`AsymmetricViT`."""
    backbone = model.backbone
    return list(range(len(backbone.separate_stage), backbone.depth))


def joint_layer_name(model: Any, layer: int) -> str:
    """Name of a joint layer within the backbone of ``model``.

    Raises:
        ValueError: If the model's backbone has no such layer or it belongs to the separate stage.
    """
    backbone: Any = getattr(model, 'backbone', None)
    if not hasattr(backbone, 'layer_name'):
        raise ValueError(
            f'layers are numbered only in mmeatrack.AsymmetricViT, not in '
            f'{type(backbone).__name__}: record a module by its name with '
            "dict(type='mmrazor.ModuleOutputs', source='backbone....') instead of layer_pairs."
        )
    name: str = backbone.layer_name(layer)
    if not name.startswith('joint_stage.'):
        first = len(backbone.separate_stage)
        raise ValueError(
            f'layer {layer} belongs to the separate stage, which sees template and search apart; '
            f'pair one of the joint layers {first} to {backbone.depth - 1}.'
        )
    return name
