"""Network of the search frames, made of a tracker's weights, compiled where it is asked for."""

import os
import tempfile
from typing import Any, Dict, Optional, Set, Tuple, Union

import torch
from torch import Tensor

from mmeatrack.log import warn
from mmeatrack.models.search.fast_network import FastNetwork, is_fast_for
from mmeatrack.models.search.plain_network import PlainNetwork


class CompiledNetwork:
    """A network compiled by ``torch.compile``, with its weights frozen into the code.

    One code serves one shape of the inputs; :meth:`warm_up` compiles it, so that no frame waits for
    it, and inputs of other shapes run uncompiled. Where compilation fails, for want of a C++
    compiler for instance, a warning says so and the network runs as it is.

    Args:
        network: A :class:`FastNetwork` or a :class:`PlainNetwork`.
    """

    def __init__(self, network: Any) -> None:
        self.keep = network.keep
        self._network = network
        self._compiled: Any = None
        self._warm: Set[Tuple[Any, ...]] = set()
        self._error: Optional[Exception] = None

    def __deepcopy__(self, memo: Any) -> 'CompiledNetwork':
        # Code is not copied. A copy of a tracker whose weights change then gets a network anew.
        return self

    @property
    def runs_compiled(self) -> bool:
        """False once compilation has failed."""
        return self._error is None

    @torch.no_grad()
    def warm_up(self, *inputs: Tensor) -> None:
        """Compile for the shapes of these inputs, where that has not been done."""
        shapes = _shapes(inputs)
        if shapes in self._warm or not self.runs_compiled:
            return
        self._network(*inputs)  # an error that is not the compiler's is raised here
        try:
            if self._compiled is None:
                self._compiled = torch.compile(
                    self._network, dynamic=False, options={'freezing': True}
                )
            for _ in range(2):
                self._compiled(*inputs)
        except Exception as error:  # each backend and version has exceptions of its own
            self._error = error
            warn(
                f'test_cfg.compile=True: torch {torch.__version__} cannot compile the network '
                f'here, so that it runs uncompiled ({_reason(error)}). {_remedy(error)}, or set '
                'compile=False.'
            )
        self._warm.add(shapes)

    @torch.no_grad()
    def __call__(self, *inputs: Tensor) -> Tensor:
        """As the network's own ``forward``."""
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
