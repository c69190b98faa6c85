"""Network of the search frames, made of a tracker's weights and kept while they stay."""

from typing import Any, Dict, Optional, Union

import torch
from torch import Tensor

from mmeatrack.models.search.compiled_network import CompiledNetwork
from mmeatrack.models.search.fast_network import FastNetwork, is_fast_for
from mmeatrack.models.search.plain_network import PlainNetwork

Network = Union[PlainNetwork, FastNetwork, CompiledNetwork]


class NetworkOfWeights:
    """Holder of a network whose weights are derived from those of a tracker.

    Not a module, so that the derived weights are part of no checkpoint. Weights are compared by
    value: averaging hooks swap them in place, unseen by PyTorch's version counters.
    """

    def __init__(self) -> None:
        self._network: Optional[Network] = None
        self._weights: Dict[str, Tensor] = {}
        self._options: Any = None

    @torch.no_grad()
    def of(self, tracker: Any) -> Network:
        """Network of the tracker's backbone, head and ``test_cfg``.

        The same one as before where none of them has changed since.
        """
        options = tracker.test_cfg['fast'], tracker.test_cfg['compile']
        weights = {
            f'{part}.{name}': value
            for part in ('backbone', 'head')
            for name, value in getattr(tracker, part).state_dict().items()
        }
        if self._network is None or options != self._options or not self._are_kept(weights):
            self._network = _build(tracker, *options)
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


def _build(tracker: Any, fast: bool, is_compiled: bool) -> Network:
    parts = tracker.backbone, tracker.head, tracker.window
    is_fast = fast and is_fast_for(*parts[:2])
    network = FastNetwork(*parts).eval() if is_fast else PlainNetwork(*parts).eval()
    return CompiledNetwork(network) if is_compiled else network
