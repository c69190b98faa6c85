"""Stops or skips a batch whose data or losses are not finite, before it changes the weights."""

import logging
from typing import Any, Callable, Dict, List, Optional

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch import Tensor, nn

from mmeatrack.engine.finite_check import non_finite_data, non_finite_losses, sample_names
from mmeatrack.models.wrappers import unwrap
from mmeatrack.registry import HOOKS

ACTIONS = ('stop', 'skip')


@HOOKS.register_module()
class NonFiniteGuardHook(Hook):
    """Looks for NaN and infinity in each batch's images and annotations, and in its losses.

    It looks before the model sees the data, and before a loss has gradients: nothing of such a
    batch gets into weights, batch norm statistics or logged averages. The message names the losses
    and the samples. With several processes all of them stop or skip together.

    Args:
        action: 'stop' ends training with an error; 'skip' goes on with the next batch. With
            gradient accumulation a skipped batch takes what was accumulated before it along.
        max_skips: That many batches in a row may be skipped; then training ends with an error,
            for more of them means that the weights or all of the data are spoilt.

    Raises:
        ValueError: If ``action`` is unknown or ``max_skips`` is below 1.
    """

    priority = 'VERY_LOW'

    def __init__(self, action: str = 'stop', max_skips: int = 20) -> None:
        if action not in ACTIONS:
            raise ValueError(f'action={action!r} is unknown; it is one of {list(ACTIONS)}.')
        if max_skips < 1:
            raise ValueError(f'max_skips={max_skips} must be at least 1.')
        self.action, self.max_skips = action, max_skips
        self._skipped, self._in_a_row = 0, 0
        self._losses: Dict[str, Any] = {}
        self._batch: Any = None
        self._is_skipped = False
        self._undo: List[Callable[[], None]] = []

    def before_train(self, runner: Runner) -> None:
        """Stand between the model, its losses and the optimizer."""
        model = unwrap(runner.model)
        handle = model.register_forward_hook(self._keep_losses)
        wrapper = runner.optim_wrapper
        original_step, original_update = runner.model.train_step, wrapper.update_params

        def train_step(data: Any, optim_wrapper: Any) -> Dict[str, Tensor]:
            return self._train_step(runner, model, original_step, data)

        def update_params(loss: Tensor, *args: Any, **kwargs: Any) -> None:
            if self._are_losses_good(runner, loss):
                original_update(loss, *args, **kwargs)

        self._undo = [
            handle.remove,
            _replace(runner.model, 'train_step', train_step),
            _replace(wrapper, 'update_params', update_params),
        ]

    def after_train(self, runner: Runner) -> None:
        """Step aside, and say how many batches were skipped."""
        for undo in self._undo:
            undo()
        self._undo = []
        if self._skipped:
            _warn(f'{self._skipped} batches were skipped for NaN or infinity')

    def _train_step(
        self, runner: Runner, model: nn.Module, step: Callable[..., Dict[str, Tensor]], data: Any
    ) -> Dict[str, Tensor]:
        problem = non_finite_data(data)
        if not self._are_data_good(runner, model, problem):
            self._refuse(runner, problem)
            return {}
        self._batch, self._is_skipped = data, False
        statistics = _float_buffers(model) if self.action == 'skip' else {}
        log_vars = step(data, optim_wrapper=runner.optim_wrapper)
        self._batch, self._losses = None, {}
        if not self._is_skipped:
            self._in_a_row = 0
            return log_vars
        for name, buffer in _float_buffers(model, copy=False).items():
            buffer.copy_(statistics[name])
        return {}

    def _keep_losses(self, model: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, dict):
            self._losses = output

    def _are_losses_good(self, runner: Runner, loss: Tensor) -> bool:
        is_good = torch.isfinite(loss.detach()).float()
        if _holds_everywhere(is_good, runner):
            return True
        problem = None
        if not is_good:
            named = non_finite_losses(self._losses) or {'loss': float(loss)}
            values = ', '.join(f'{name} = {value}' for name, value in named.items())
            problem = f'{values} for the samples {sample_names(self._batch)}'
        self._refuse(runner, problem)
        self._is_skipped = True
        runner.optim_wrapper.zero_grad()
        # The wrapper counts batches in backward, which does not happen.
        runner.optim_wrapper._inner_count += 1
        return False

    def _are_data_good(self, runner: Runner, model: nn.Module, problem: Optional[str]) -> bool:
        if not runner.distributed:
            return problem is None
        # Waits for a device that is idle: MMEngine has just read the last step's losses from it.
        is_good = torch.tensor(float(problem is None), device=next(model.parameters()).device)
        return _holds_everywhere(is_good, runner)

    def _refuse(self, runner: Runner, problem: Optional[str]) -> None:
        problem = problem or 'another process has a batch that is not finite'
        where = f'iteration {runner.iter + 1}: {problem}'
        if self.action == 'stop':
            raise RuntimeError(
                f"{where}. Mend these data, lower the learning rate, or set action='skip' of "
                'mmeatrack.NonFiniteGuardHook to leave such batches out.'
            )
        self._skipped += 1
        self._in_a_row += 1
        if self._in_a_row > self.max_skips:
            raise RuntimeError(
                f'{where}. That is the batch {self._in_a_row} in a row that would be skipped '
                f'(max_skips={self.max_skips}): weights or data are spoilt. Go on from an earlier '
                'checkpoint with a lower learning rate, or mend the data.'
            )
        _warn(f'{where}; the batch is skipped')


def _holds_everywhere(is_good: Tensor, runner: Runner) -> bool:
    """Whether each process has a 1 here; the device is waited for once."""
    if runner.distributed:
        is_good = is_good.clone()
        all_reduce(is_good, op='min')
    return bool(is_good)


def _replace(owner: Any, name: str, method: Callable[..., Any]) -> Callable[[], None]:
    """Give an object a method of its own; returns what takes it away again."""
    previous = vars(owner).get(name)
    setattr(owner, name, method)
    if previous is None:
        return lambda: delattr(owner, name)
    return lambda: setattr(owner, name, previous)


def _float_buffers(model: nn.Module, copy: bool = True) -> Dict[str, Tensor]:
    """The model's running statistics, or copies of them."""
    buffers = {name: each for name, each in model.named_buffers() if each.is_floating_point()}
    return {name: each.clone() for name, each in buffers.items()} if copy else buffers


def _warn(message: str) -> None:
    print_log(message, 'current', level=logging.WARNING)
