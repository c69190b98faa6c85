"""Network of the search frames, made of a tracker's weights and kept while they stay."""

from typing import Any, Dict, Optional

import torch
from torch import Tensor, nn

from mmeatrack.models.search.fast_network import FastNetwork, is_fast_for
from mmeatrack.models.search.plain_network import PlainNetwork


class NetworkOfWeights:
    """Holder of a network whose weights are derived from those of a tracker.

    Not a module, so that the derived weights are part of no checkpoint. Weights are compared by
    value: averaging hooks swap them in place, unseen by PyTorch's version counters.
    """

    def __init__(self) -> None:
        self._network: Optional[nn.Module] = None
        self._weights: Dict[str, Tensor] = {}
        self._options: Any = None

    @torch.no_grad()
    def of(self, tracker: Any) -> nn.Module:
        """Network of the tracker's backbone, head and ``test_cfg``.

        The same one as before where none of them has changed since.
        """
        options = tracker.test_cfg['fast']
        weights = {
            f'{part}.{name}': value
            for part in ('backbone', 'head')
            for name, value in getattr(tracker, part).state_dict().items()
        }
        if self._network is None or options != self._options or not self._are_kept(weights):
            fast = options and is_fast_for(tracker.backbone, tracker.head)
            kind = FastNetwork if fast else PlainNetwork
            self._network = kind(tracker.backbone, tracker.head, tracker.window).eval()
            self._weights = {name: value.clone() for name, value in weights.items()}
            self._options = options
        return self._network

    def _are_kept(self, weights: Dict[str, Tensor]) -> bool:
        return weights.keys() == self._weights.keys() and all(
            value.dtype == self._weights[name].dtype
            and value.device == self._weights[name].device
            and torch.equal(value, self._weights[name])
            for name, value in weights.items()
        )
