"""Recorder of layers by number, and connectors between recorders and losses, for mmrazor."""

from typing import Any, Optional, Tuple

import torch
from mmrazor.models.architectures.connectors.base_connector import BaseConnector
from mmrazor.models.task_modules import ModuleOutputsRecorder
from torch import Tensor, nn

from mmeatrack.models.backbones.protocol import joint_layers
from mmeatrack.models.losses.target_mask import MASK_LAYOUTS, TargetMask
from mmeatrack.registry import MODELS, TASK_UTILS
from mmeatrack.structures.checks import check_choice


class GridConnector(BaseConnector):
    """Connector that works on the student's search grid.

    Args:
        layout: 'tokens' or 'map'.
        search_grid: Side of the grid in tokens. :class:`EATrackDistiller` and
            :class:`EATrackDistill` set it to the student's.

    Raises:
        ValueError: If ``layout`` is unknown.
    """

    def __init__(self, layout: str = 'tokens', search_grid: Optional[int] = None) -> None:
        super().__init__()
        check_choice(MASK_LAYOUTS, layout=layout)
        self.layout, self.search_grid = layout, search_grid

    def bound_grid(self) -> int:
        """Side of the search grid; RuntimeError if no distiller has set it."""
        if self.search_grid is None:
            raise RuntimeError(
                f'{type(self).__name__} works within mmeatrack.EATrackDistiller only; elsewhere '
                'give it search_grid, the search tokens along a side.'
            )
        return self.search_grid


def bind_connectors(connectors: nn.Module, student: Any) -> None:
    """Set the grid of all connectors among the modules to that of the student's backbone."""
    grid = getattr(student.backbone, 'search_grid', None)
    for connector in connectors.modules():
        if isinstance(connector, GridConnector) and grid is not None:
            connector.search_grid = grid


@MODELS.register_module()
class SearchTokens(GridConnector):
    """Selects the search tokens, the last ones of a joint layer.

    A list chains other connectors after it:
    ``connectors=dict(mgd=[dict(type='mmeatrack.SearchTokens', layout='map'),
    dict(type='mmrazor.MGDConnector', student_channels=192, teacher_channels=768)])``.

    Args:
        layout: 'tokens' gives (B, Nx, C); 'map' gives (B, C, Hf, Wf), which convolutional
            connectors and distillation losses such as mmrazor's PKDLoss take.
        search_grid: See :class:`GridConnector`, also for the errors.

    Example:
        >>> connector = SearchTokens('map', search_grid=16)
        >>> connector(torch.zeros(2, 64 + 256, 192)).shape
        torch.Size([2, 192, 16, 16])
    """

    def forward_train(self, feature: Tensor) -> Tensor:
        """(B, N, C) tokens of a joint layer to the search tokens.

        Raises:
            TypeError: If the layer's output has another form.
        """
        grid = self.bound_grid()
        if not isinstance(feature, Tensor) or feature.ndim != 3 or feature.shape[1] < grid**2:
            given = tuple(feature.shape) if isinstance(feature, Tensor) else type(feature).__name__
            raise TypeError(
                f'SearchTokens takes the (B, N, C) tokens of a joint layer, with N at least '
                f'{grid**2}; it was given {given}.'
            )
        search = feature[:, -(grid**2) :]
        if self.layout == 'tokens':
            return search
        # Some of mmrazor's losses view the map, which has to be contiguous for it.
        return search.transpose(1, 2).contiguous().unflatten(2, torch.Size((grid, grid)))


@MODELS.register_module()
class TargetMaskConnector(GridConnector):
    """Turns the targets' boxes into masks on the search grid.

    Args:
        layout: 'tokens' gives (B, Nx), 'map' gives (B, Hf, Wf).
        search_grid: See :class:`GridConnector`.
        kwargs: Of :class:`TargetMask`.

    Raises:
        ValueError: If a value is unknown or out of range.

    Example:
        >>> connector = TargetMaskConnector('tokens', search_grid=2, shape='soft')
        >>> connector(torch.tensor([[0.25, 0.25, 0.5, 0.5]]))  # the upper left quarter
        tensor([[1., 0., 0., 0.]])
    """

    def __init__(
        self, layout: str = 'tokens', search_grid: Optional[int] = None, **kwargs: Any
    ) -> None:
        super().__init__(layout, search_grid)
        self.mask = TargetMask(**kwargs)
        # The last boxes and their masks: a step's count and losses use the same ones.
        self._last: Optional[Tuple[Tensor, Tensor]] = None

    @torch.no_grad()
    def forward_train(self, feature: Tensor) -> Tensor:
        """(B, 4) centre and size over the search crop's side to the masks."""
        if self._last is None or self._last[0] is not feature:
            grid = self.bound_grid()
            mask: Tensor = self.mask(feature, (grid, grid))  # (B, Hf, Wf)
            self._last = feature, mask.flatten(1) if self.layout == 'tokens' else mask
        return self._last[1]

    def count(self, bbox_cxcywh: Tensor) -> Tensor:
        """Scalar ``sum M^2`` of a batch's masks, a term of :class:`SharedCounts`."""
        return self(bbox_cxcywh).pow(2).sum()


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

    def prepare_from_model(self, model: Optional[nn.Module] = None) -> None:
        """Hook the layer.

        Raises:
            ValueError: If the backbone does not number its layers, or this is not a joint layer.
        """
        backbone: Any = getattr(model, 'backbone', None)
        joint = joint_layers(backbone)
        name = backbone.layer_name(self.source)  # ValueError if there is no such layer
        if self.source not in joint:
            raise ValueError(
                f'layer {self.source} ({name!r}) of {type(backbone).__name__} is not a joint '
                f'layer, which sees template and search together: pair one of {joint}.'
            )
        self._source = f'backbone.{name}'
        super().prepare_from_model(model)
