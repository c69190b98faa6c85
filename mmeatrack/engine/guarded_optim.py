"""Optimizer wrappers that stop or skip a batch that is not finite, before backward."""

from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional

import torch
from mmengine.dist import all_reduce, is_distributed
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from torch import Tensor, nn

from mmeatrack.engine.finite_check import (
    non_finite_data,
    non_finite_losses,
    sample_names,
    total_loss,
)
from mmeatrack.log import warn
from mmeatrack.registry import OPTIM_WRAPPERS
from mmeatrack.structures.checks import check_choice

ACTIONS = ('stop', 'skip')


@OPTIM_WRAPPERS.register_module()
class GuardedOptimWrapper(OptimWrapper):
    """mmengine's OptimWrapper that does not update by a loss of NaN or infinity.

    In a distributed run all processes stop or skip together. :class:`mmeatrack.NonFiniteGuardHook`
    turns the wrapper of any config into a guarded one, tells it the data of each batch, and
    restores what a skipped batch has changed elsewhere.

    It waits for the device once a step, before backward, and then reads all numbers that are
    logged. The gradient norm in the log is that of the step before.

    Args:
        action: 'stop' ends training with an error; 'skip' leaves the batch out. With gradient
            accumulation, skipping also discards the gradients accumulated before it.
        max_skips: Limit of consecutive skipped batches. More of them end training with an error,
            because weights or data must be corrupt.
        kwargs: Arguments of :class:`mmengine.optim.OptimWrapper`.

    Raises:
        ValueError: If ``action`` is unknown or ``max_skips`` is below 1.
    """

    def __init__(self, action: str = 'stop', max_skips: int = 20, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.set_guard(action, max_skips)

    def set_guard(self, action: str, max_skips: int) -> None:
        """Start guarding; the arguments are those of the class."""
        check_guard(action, max_skips)
        self.action, self.max_skips = action, max_skips
        self.num_skipped, self._in_a_row = 0, 0
        self.logged: Dict[str, Tensor] = {}  # loss and losses of the batch, on the CPU
        self._grad_norm: Optional[Tensor] = None
        self.begin_batch()

    def begin_batch(self, batch: Any = None, problem: Optional[str] = None) -> None:
        """Set the batch of the next loss.

        Args:
            batch: Batch of a data loader, whose samples are named in messages.
            problem: Reason not to use it, if any.
        """
        self.is_skipped = False
        self.losses: Dict[str, Any] = {}  # named parts of the loss, for messages
        self._batch, self._problem = batch, problem

    def update_params(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        """Update the weights by a finite loss, a scalar; other arguments are mmengine's.

        Raises:
            RuntimeError: If the batch is not finite and is not to be skipped.
        """
        if self._is_good(loss):
            self._in_a_row = 0
            super().update_params(loss, *args, **kwargs)
            return
        self._refuse(loss)
        self.is_skipped = True
        self.zero_grad()
        self._inner_count += 1  # which backward would do

    def _is_good(self, loss: Tensor) -> bool:
        """True if the batch of every process is finite. This is the wait for the device."""
        is_good = torch.isfinite(loss.detach()).all().float()
        if self._problem is not None:
            is_good = torch.zeros_like(is_good)
        if is_distributed():
            all_reduce(is_good, op='min')
        device = dict({name: total_loss(each) for name, each in self.losses.items()}, loss=loss)
        if self._grad_norm is not None:
            device[self.grad_name] = self._grad_norm
        values = [each.detach().mean().float() for each in device.values()]
        flag, *host = torch.stack([is_good, *values]).cpu()
        self.logged = dict(zip(device, host))
        if self._grad_norm is not None:
            norm = float(self.logged.pop(self.grad_name))
            self.message_hub.update_scalar(f'train/{self.grad_name}', norm)
            self._grad_norm = None
        return bool(flag)

    def _clip_grad(self) -> None:
        """Clip the gradients; their norm is read with the next loss."""
        every = [p for group in self.optimizer.param_groups for p in group['params']]
        parameters = [each for each in every if each.grad is not None]
        if parameters:
            self._grad_norm = self.clip_func(parameters, **self.clip_grad_kwargs)

    def _refuse(self, loss: Tensor) -> None:
        where = f'iteration {self._inner_count + 1}: {self._reason(loss)}'
        if self.action == 'stop':
            raise RuntimeError(
                f"{where}. Correct these data, lower the learning rate, or set action='skip' of "
                'mmeatrack.NonFiniteGuardHook to leave such batches out.'
            )
        self.num_skipped += 1
        self._in_a_row += 1
        if self._in_a_row > self.max_skips:
            raise RuntimeError(
                f'{where}. This is batch {self._in_a_row} in a row to be skipped '
                f'(max_skips={self.max_skips}): weights or data are corrupt. Continue from an '
                'earlier checkpoint with a lower learning rate, or correct the data.'
            )
        warn(f'{where}; the batch is skipped')

    def _reason(self, loss: Tensor) -> str:
        if self._problem is not None:
            return self._problem
        if torch.isfinite(loss).all():
            return 'another process has a batch that is not finite'
        problem = None if self._batch is None else non_finite_data(self._batch)
        if problem is not None:
            return problem
        named = non_finite_losses(self.losses) or {'loss': float(loss)}
        values = ', '.join(f'{name} = {value}' for name, value in named.items())
        names = '' if self._batch is None else f' for the samples {sample_names(self._batch)}'
        return f'{values}{names}'


@OPTIM_WRAPPERS.register_module()
class GuardedAmpOptimWrapper(GuardedOptimWrapper, AmpOptimWrapper):
    """Guarded form of mmengine's AmpOptimWrapper; ``dtype='float32'`` switches autocast off."""

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Context of a forward pass of the model, with autocast."""
        kind = OptimWrapper if self.cast_dtype is torch.float32 else AmpOptimWrapper
        with kind.optim_context(self, model):
            yield


def guarded(wrapper: OptimWrapper, action: str, max_skips: int) -> GuardedOptimWrapper:
    """Turn an optimizer wrapper into a guarded one; a guarded one keeps its settings.

    Returns:
        The same object, which schedules and hooks refer to, with a guarded class.
    """
    if not isinstance(wrapper, GuardedOptimWrapper):
        kind = type(wrapper)
        if kind in (OptimWrapper, AmpOptimWrapper):
            kind = GuardedOptimWrapper if kind is OptimWrapper else GuardedAmpOptimWrapper
        else:
            kind = type(f'Guarded{kind.__name__}', (GuardedOptimWrapper, kind), {})
        wrapper.__class__ = kind
        wrapper.set_guard(action, max_skips)
    return wrapper


def check_guard(action: str, max_skips: int) -> None:
    """Raise ValueError if ``action`` is unknown or ``max_skips`` is below 1."""
    check_choice(ACTIONS, action=action)
    if max_skips < 1:
        raise ValueError(f'max_skips={max_skips} must be at least 1.')
