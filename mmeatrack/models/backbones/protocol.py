"""Contract between a tracker and its backbone."""

from functools import partial
from inspect import signature
from itertools import count, takewhile
from typing import Any, List, NamedTuple, Optional, Protocol, Sequence

from torch import Tensor


class JointTokens(NamedTuple):
    """Output tokens of the joint stage.

    Attributes:
        template: (B, Nz, C) tokens of the original template.
        temporal: (B, Nt, C) temporal tokens, Nt = 0 if there are none.
        search: (B, Nx, C) tokens of the search crop, row by row.
    """

    template: Tensor
    temporal: Tensor
    search: Tensor


class TrackerBackbone(Protocol):
    """Members of a backbone that :class:`EATrack` uses.

    Attributes:
        template_size: Side of the template crop in px.
        search_size: Side of the search crop in px.
        search_grid: Search tokens along a side: Nx = search_grid ** 2.
    """

    template_size: int
    search_size: int
    search_grid: int

    def forward_template(self, template: Tensor) -> Tensor:
        """Normalised crop (B, 3, template_size, template_size) to tokens z (B, Nz, C)."""

    def forward_search(self, search: Tensor) -> Tensor:
        """Normalised crop (B, 3, search_size, search_size) to tokens x (B, Nx, C)."""

    def forward_joint(self, z: Tensor, x: Tensor, temporal: Optional[Tensor] = None) -> JointTokens:
        """Let z (B, Nz, C), x (B, Nx, C) and temporal tokens (B, Nt, C) attend to each other."""

    def forward(
        self, template: Tensor, search: Tensor, temporal_mask: Optional[Tensor] = None
    ) -> JointTokens:
        """Run all stages, for training; see :meth:`AsymmetricViT.forward`."""


class NumberedBackbone(TrackerBackbone, Protocol):
    """Backbone with numbered layers, for ``layer_pairs`` and similarity of layers.

    A layer is a module that returns (B, N, C) tokens, those of the search crop last.

    Attributes:
        embed_dims: Channels C. Without it a teacher of another width gets no adapter.
        joint_layers: Numbers of the layers that see template and search together; by default all.
    """

    embed_dims: int
    joint_layers: Sequence[int]

    def layer_name(self, layer: int) -> str:
        """Name of the module of a layer, numbered from 0; ValueError if there is none."""


def check_backbone(backbone: Any) -> Any:
    """Return a backbone that satisfies :class:`TrackerBackbone`, or refuse it.

    Raises:
        TypeError: If members are missing, are not positive whole numbers, or do not take the
            arguments. The message names each.
    """
    problems: List[str] = []
    for name in ('template_size', 'search_size', 'search_grid'):
        value = getattr(backbone, name, None)
        if not isinstance(value, int) or value < 1:
            problems.append(f'{name} is {value!r}, and must be a whole number above 0')
    for name in ('forward_template', 'forward_search', 'forward_joint', 'forward'):
        wanted = list(signature(getattr(TrackerBackbone, name)).parameters)[1:]
        try:
            signature(getattr(backbone, name)).bind(*wanted)
        except (AttributeError, TypeError):
            problems.append(f'{name}({", ".join(wanted)}) is missing or takes other arguments')
    if problems:
        raise TypeError(
            f'{type(backbone).__name__} is not a tracker backbone: {"; ".join(problems)}. See '
            'mmeatrack.models.backbones.TrackerBackbone.'
        )
    return backbone


def check_joint_tokens(returned: Any) -> JointTokens:
    """Return the output of a backbone, or raise TypeError if it has no field ``search``."""
    if not hasattr(returned, 'search'):
        raise TypeError(
            f'the backbone returned {type(returned).__name__}, and must return '
            f'mmeatrack.models.backbones.JointTokens{JointTokens._fields}.'
        )
    tokens: JointTokens = returned
    return tokens


def joint_layers(backbone: Any) -> List[int]:
    """Numbers of the layers of a :class:`NumberedBackbone` that see template and search together.

    Raises:
        ValueError: If the backbone does not number its layers.
    """
    if not hasattr(backbone, 'layer_name'):
        raise ValueError(
            f'{type(backbone).__name__} has no layer_name(layer), which numbers its layers: record '
            "a module by its name, dict(type='mmrazor.ModuleOutputs', source='backbone....'), "
            'instead of layer_pairs. See mmeatrack.models.backbones.NumberedBackbone.'
        )
    layers = getattr(backbone, 'joint_layers', None)
    return list(takewhile(partial(_has_layer, backbone), count()) if layers is None else layers)


def _has_layer(backbone: Any, layer: int) -> bool:
    try:
        return backbone.layer_name(layer) in dict(backbone.named_modules())
    except (ValueError, IndexError):
        return False
