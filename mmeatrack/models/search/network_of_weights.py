"""Network of the search frames, built from a tracker's weights and optionally compiled."""

import os
import tempfile
from typing import Any, Dict, Optional, Set, Tuple, Union

import torch
from torch import Tensor

from mmeatrack.log import warn
from mmeatrack.models.search.fast_network import FastNetwork, is_fast_for
from mmeatrack.models.search.plain_network import PlainNetwork


class CompiledNetwork:
    """Network compiled by ``torch.compile``, with its weights frozen into the code.

    Only :meth:`warm_up` compiles, for one shape of the inputs, so that no frame waits for it;
    inputs of other shapes run uncompiled. If compilation fails, for lack of a C++ compiler for
    instance, a warning says so and the network runs uncompiled.

    Args:
        network: A :class:`FastNetwork` or a :class:`PlainNetwork`.

    Attributes:
        runs_compiled: False once compilation has failed.
    """

    def __init__(self, network: Any) -> None:
        self.keep = network.keep
        self._network = network
        self._compiled: Any = None
        self._warm: Set[Tuple[Any, ...]] = set()
        self.runs_compiled = True

    def __deepcopy__(self, memo: Any) -> 'CompiledNetwork':
        # Compiled code is not copied. If the weights of a copied tracker change, it gets a new one.
        return self

    @torch.no_grad()
    def warm_up(self, *inputs: Tensor) -> None:
        """Compile for the shapes of these inputs unless that has been done."""
        shapes = _shapes(inputs)
        if shapes in self._warm or not self.runs_compiled:
            return
        self._network(*inputs)  # raises errors that are not the compiler's
        try:
            if self._compiled is None:
                self._compiled = torch.compile(
                    self._network, dynamic=False, options={'freezing': True}
                )
            for _ in range(2):
                self._compiled(*inputs)
        except Exception as error:  # each backend and version raises its own exceptions
            self.runs_compiled = False
            warn(
                f'test_cfg.compile=True: torch {torch.__version__} cannot compile the network '
                f'here; it runs uncompiled ({_reason(error)}). {_remedy(error)}, or set '
                'compile=False.'
            )
        self._warm.add(shapes)

    @torch.no_grad()
    def __call__(self, *inputs: Tensor) -> Tensor:
        """See :meth:`PlainNetwork.forward`."""
        is_ready = self.runs_compiled and _shapes(inputs) in self._warm
        found: Tensor = (self._compiled if is_ready else self._network)(*inputs)
        return found


def _reason(error: Exception) -> str:
    """First line of an error, or of the one that torch wraps in it."""
    error = getattr(error, 'inner_exception', error)
    return f'{type(error).__name__}: {(str(error).strip() or "no reason").splitlines()[0]}'


def _remedy(error: Exception) -> str:
    if not hasattr(torch, 'compile'):
        return 'Install torch 2 or newer'
    if 'InvalidCxxCompiler' in f'{type(error).__name__} {error}':
        return 'Install a C++ compiler (apt-get install g++)'
    folder = os.getenv('TORCHINDUCTOR_CACHE_DIR', f'{tempfile.gettempdir()}/torchinductor_*')
    return (
        'The cache of compiled code may be damaged, as after a full disk or a crash: delete '
        f'{folder}'
    )


def _shapes(inputs: Tuple[Tensor, ...]) -> Tuple[Any, ...]:
    return tuple((value.shape, value.dtype) for value in inputs)


Network = Union[PlainNetwork, FastNetwork, CompiledNetwork]


class NetworkOfWeights:
    """Holder of a network whose weights are derived from those of a tracker.

    It is not a module, to keep the derived weights out of checkpoints. Weights are compared by
    value: averaging hooks swap them in place, without a change of PyTorch's version counters.
    """

    def __init__(self) -> None:
        self._network: Optional[Network] = None
        self._weights: Dict[str, Tensor] = {}
        self._options: Any = None

    @torch.no_grad()
    def of(self, tracker: Any) -> Network:
        """Network of a tracker, the same one until backbone, head or ``test_cfg`` change."""
        fast, is_compiled = options = tracker.test_cfg['fast'], tracker.test_cfg['compile']
        weights = {
            f'{part}.{name}': value
            for part in ('backbone', 'head')
            for name, value in getattr(tracker, part).state_dict().items()
        }
        if self._network is None or options != self._options or not self._holds(weights):
            parts = tracker.backbone, tracker.head, tracker.window
            kind = FastNetwork if fast and is_fast_for(*parts[:2]) else PlainNetwork
            network = kind(*parts).eval()
            self._network = CompiledNetwork(network) if is_compiled else network
            self._weights = {name: value.clone() for name, value in weights.items()}
            self._options = options
        return self._network

    def _holds(self, weights: Dict[str, Tensor]) -> bool:
        return weights.keys() == self._weights.keys() and all(
            value.dtype == self._weights[name].dtype
            and value.device == self._weights[name].device
            and torch.equal(value, self._weights[name])
            for name, value in weights.items()
        )
