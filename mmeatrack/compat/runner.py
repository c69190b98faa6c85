"""MMEngine's runner: compilation of a model's parts, determinism on CUDA, checkpointing.

MMEngine 0.10.7's ``compile`` option compiles the whole training step, including preprocessor,
annotations, losses and logging. This breaks the graph in many places and fails in some runs. If the
model has a method ``parts_to_compile``, the modules that it returns are compiled in place instead.
The first iteration takes the time of the compilation, which is logged.

With ``randomness=dict(deterministic=True)`` torch refuses the first matrix product on CUDA unless
``CUBLAS_WORKSPACE_CONFIG`` names a workspace of fixed size. cuBLAS reads it at its first use,
which is after the runner has set its randomness.

For activation checkpointing torch uses its reentrant variant by default. That one turns named
tuples into plain ones, and gives no gradient to a module whose inputs need none. The backbone,
whose inputs are images, would silently not be trained, nor layers whose outputs a distillation
has recorded.
"""

import os
import time
from functools import partial
from types import ModuleType
from typing import Any, Optional

from torch.utils.checkpoint import checkpoint

# The larger of the two workspaces that cuBLAS documents as reproducible.
_WORKSPACE = ':4096:8'


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
            if not hasattr(part, 'compile'):
                raise RuntimeError(
                    'compile=True needs torch >= 2.1: leave `compile` out of the config.'
                )
            part.compile(**(options if isinstance(options, dict) else {}))
        names = ', '.join(sorted({type(part).__name__ for part in parts}))
        self.logger.info(
            f'{names} of {type(model).__name__} is compiled: the first iteration takes seconds to '
            'minutes.'
        )
        _time_first_step(self)

    runner._maybe_compile = maybe_compile


def _time_first_step(runner: Any) -> None:
    model, train_step = runner.model, runner.model.train_step

    def timed_step(*args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        losses = train_step(*args, **kwargs)
        seconds = time.monotonic() - began
        runner.logger.info(f'The first iteration took {seconds:.1f} s, most of it the compilation.')
        del model.train_step
        return losses

    model.train_step = timed_step


def set_cublas_workspace(module: ModuleType) -> None:
    """Make the runner of ``mmengine.runner.runner`` set ``CUBLAS_WORKSPACE_CONFIG`` if unset."""
    runner = module.Runner
    set_randomness = runner.set_randomness

    def with_workspace(
        self: Any, seed: Optional[int], diff_rank_seed: bool = False, deterministic: bool = False
    ) -> None:
        if deterministic:
            os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', _WORKSPACE)
        set_randomness(self, seed, diff_rank_seed, deterministic)

    runner.set_randomness = with_workspace


def use_non_reentrant_checkpoint(module: ModuleType) -> None:
    """Make ``mmengine.runner.activation_checkpointing`` choose ``use_reentrant=False``."""
    vars(module)['checkpoint'] = partial(checkpoint, use_reentrant=False)
