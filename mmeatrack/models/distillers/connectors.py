"""Connectors between what a recorder holds and what a loss takes (mmrazor's connectors)."""

from typing import Optional

import torch
from mmrazor.models.architectures.connectors.base_connector import BaseConnector
from torch import Tensor

from mmeatrack.registry import MODELS

LAYOUTS = ('tokens', 'map')


@MODELS.register_module()
class SearchTokens(BaseConnector):
    """The search tokens among a joint layer's tokens; they come last.

    Args:
        layout: 'tokens' gives (B, Nx, C); 'map' gives (B, C, Hf, Wf), which convolutional
            distillation losses such as mmrazor's PKDLoss or ChannelWiseDivergence take.
        init_cfg: mmengine's initialisation config.

    Raises:
        ValueError: If ``layout`` is unknown.
    """

    def __init__(self, layout: str = 'tokens', init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        if layout not in LAYOUTS:
            raise ValueError(f'layout={layout!r} is unknown; it is one of {list(LAYOUTS)}.')
        self.layout = layout
        self.grid: Optional[int] = None

    def bind(self, search_grid: int) -> None:
        """Tell the side of the search grid; the distiller does when it meets the student."""
        self.grid = search_grid

    def forward_train(self, feature: Tensor) -> Tensor:
        """(B, N, C) tokens of a joint layer to the search tokens."""
        if self.grid is None:
            raise RuntimeError('SearchTokens works within mmeatrack.EATrackDistiller only.')
        search = feature[:, -(self.grid**2) :]
        if self.layout == 'tokens':
            return search
        # Some of mmrazor's losses view the map, which needs its values in order.
        search = search.transpose(1, 2).contiguous()
        return search.unflatten(2, torch.Size((self.grid, self.grid)))
