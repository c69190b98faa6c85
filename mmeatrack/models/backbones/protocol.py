"""Contract between a tracker and its backbone."""

from inspect import signature
from typing import Any, List, NamedTuple, Optional, Protocol, Sequence

from torch import Tensor

_SIZES = ('template_size', 'search_size', 'search_grid')


class JointTokens(NamedTuple):
    """Tokens that leave the joint stage.

    Attributes:
        template: (B, Nz, C) tokens of the original template.
        temporal: (B, Nt, C) temporal tokens, Nt = 0 without any.
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
        search_grid: Search tokens along a side, so that Nx = search_grid ** 2.
    """

    template_size: int
    search_size: int
    search_grid: int

    def forward_template(self, template: Tensor) -> Tensor:
        """(B, 3, template_size, template_size) normalised crop to tokens z (B, Nz, C)."""

    def forward_search(self, search: Tensor) -> Tensor:
        """(B, 3, search_size, search_size) normalised crop to tokens x (B, Nx, C)."""

    def forward_joint(self, z: Tensor, x: Tensor, temporal: Optional[Tensor] = None) -> JointTokens:
        """z (B, Nz, C), x (B, Nx, C) and temporal tokens (B, Nt, C) attend to each other."""

    def forward(
        self, template: Tensor, search: Tensor, temporal_mask: Optional[Tensor] = None
    ) -> JointTokens:
        """All stages, for training.

        Args:
            template: (B, T, 3, template_size, template_size): the original template, and for T > 1
                those that fill the temporal slot.
            search: (B, 3, search_size, search_size).
            temporal_mask: (B,) bool, False for samples that see no temporal tokens.
        """


class NumberedBackbone(TrackerBackbone, Protocol):
    """Backbone whose layers are numbered, as ``layer_pairs`` and the similarity of layers need it.

    A layer is a module that returns (B, N, C) tokens, those of the search crop last.

    Attributes:
        embed_dims: Channels C. Without it a teacher of another width gets no adapter.
        joint_layers: Numbers of the layers that see template and search together; by default all.
    """

    embed_dims: int
    joint_layers: Sequence[int]

    def layer_name(self, layer: int) -> str:
        """Name within the backbone of a layer, counted from 0; ValueError if there is none."""


def check_backbone(backbone: Any) -> Any:
    """Refuse a backbone that breaks the contract of :class:`TrackerBackbone`.

    Raises:
        TypeError: If members are missing, are no positive whole numbers, or do not take the
            arguments. The message names each.
    """
    problems: List[str] = []
    for name in _SIZES:
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
            f'{type(backbone).__name__} is no backbone of a tracker: {"; ".join(problems)}. See '
            'mmeatrack.models.backbones.TrackerBackbone.'
        )
    return backbone


def check_joint_tokens(returned: Any) -> JointTokens:
    """Refuse a backbone's output that is not named; TypeError if it has no ``search``."""
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
            f'{type(backbone).__name__} has no layer_name(layer), so that its layers have no '
            "numbers: record a module by its name, dict(type='mmrazor.ModuleOutputs', "
            "source='backbone....'), instead of layer_pairs. See "
            'mmeatrack.models.backbones.NumberedBackbone.'
        )
    given = getattr(backbone, 'joint_layers', None)
    if given is not None:
        return list(given)
    count = 0
    while has_layer(backbone, count):
        count += 1
    return list(range(count))


def has_layer(backbone: Any, layer: int) -> bool:
    """True if ``layer_name`` knows the layer and names a module with it."""
    try:
        name = backbone.layer_name(layer)
    except (ValueError, IndexError):
        return False
    return name in dict(backbone.named_modules())
