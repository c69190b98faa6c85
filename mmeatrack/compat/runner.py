"""MMEngine's runner: compilation of a model's parts, determinism on CUDA, checkpointing.

MMEngine 0.10.7's ``compile`` option compiles the whole training step: preprocessor, annotations,
losses and logging with it, which breaks the graph in many places and fails in some runs. A model
with a method ``parts_to_compile``, which gives modules, has these compiled, each in place; others
are compiled as before. The first iteration takes the time of the compilation, which is logged.

With ``randomness=dict(deterministic=True)`` torch refuses the first matrix product on CUDA unless
``CUBLAS_WORKSPACE_CONFIG`` names a workspace of fixed size. cuBLAS reads it when it is first used,
after the runner has set its randomness.

For activation checkpointing torch takes its reentrant variant where none is chosen. That one turns
named tuples into plain ones, and gives no gradient to a module whose inputs need none: a backbone,
whose inputs are images, would stay as it is without an error, and so would layers whose outputs a
distillation has recorded.
"""

import os
import time
from functools import partial
from types import ModuleType
from typing import Any, Optional

from torch.utils.checkpoint import checkpoint

# The larger one of the two that cuBLAS documents as reproducible.
_WORKSPACE = ':4096:8'
_FIRST = 'is compiled: the first iteration takes seconds to minutes.'


def compile_parts(module: ModuleType) -> None:
    """Make the runner of ``mmengine.runner.runner`` compile the model's parts."""
    runner = module.Runner
    compile_step = runner._maybe_compile

    def maybe_compile(self: Any, target: str) -> None:
        options = self.cfg.get('compile', None)
        model = getattr(self.model, 'module', self.model)
        if not options or target != 'train_step' or not hasattr(model, 'parts_to_compile'):
            compile_step(self, target)
            return
        parts = model.parts_to_compile()
        for part in parts:
            _compile(part, options if isinstance(options, dict) else {})
        names = ', '.join(sorted({type(part).__name__ for part in parts}))
        self.logger.info(f'{names} of {type(model).__name__} {_FIRST}')
        self.register_hook(_first_iteration_hook())

    runner._maybe_compile = maybe_compile


def _compile(part: Any, options: dict) -> None:
    if not hasattr(part, 'compile'):
        raise RuntimeError('compile=True needs torch >= 2.1: leave `compile` out of the config.')
    part.compile(**options)


def _first_iteration_hook() -> Any:
    from mmengine.hooks import Hook
    from mmengine.logging import print_log

    class FirstIterationHook(Hook):
        """Logs how long the first iteration took."""

        began: Optional[float] = None
        is_done = False

        def before_train_iter(self, *args: Any, **kwargs: Any) -> None:
            if self.began is None:
                self.began = time.monotonic()

        def after_train_iter(self, *args: Any, **kwargs: Any) -> None:
            if self.began is not None and not self.is_done:
                self.is_done = True
                seconds = time.monotonic() - self.began
                said = f'The first iteration took {seconds:.1f} s, most of it the compilation.'
                print_log(said, 'current')

    return FirstIterationHook()


def set_cublas_workspace(module: ModuleType) -> None:
    """Make the runner of ``mmengine.runner.runner`` set the variable where it is missing."""
    runner = module.Runner
    set_randomness = runner.set_randomness

    def with_workspace(
        self: Any, seed: Optional[int], diff_rank_seed: bool = False, deterministic: bool = False
    ) -> None:
        if deterministic:
            os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', _WORKSPACE)
        set_randomness(self, seed, diff_rank_seed, deterministic)

    runner.set_randomness = with_workspace


def use_variant_with_gradients(module: ModuleType) -> None:
    """Make ``mmengine.runner.activation_checkpointing`` choose ``use_reentrant=False``."""
    vars(module)['checkpoint'] = partial(checkpoint, use_reentrant=False)
