"""MMEngine's ``compile`` option, for models that say which of their parts to compile.

MMEngine 0.10.7 compiles the whole training step: preprocessor, annotations, losses and logging with
it, which breaks the graph in many places and fails in some runs. A model with a method
``parts_to_compile``, which gives modules, has these compiled, each in place; others are compiled as
before. The first iteration takes the time of the compilation, which is logged.
"""

import logging
import time
from types import ModuleType
from typing import Any, Optional

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
                print_log(
                    f'The first iteration took {seconds:.1f} s, most of it the compilation.',
                    'current',
                    level=logging.INFO,
                )

    return FirstIterationHook()
