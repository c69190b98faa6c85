"""Compiled network of a search frame."""

import os
import tempfile
from typing import Any, Optional, Set, Tuple

import torch
from torch import Tensor

from mmeatrack.log import warn


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
