"""Training for a given time, with the learning rate as a function of the clock."""

import math
import time
from typing import Any

import torch
from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmeatrack.registry import HOOKS

_ELAPSED = 'wall_time_elapsed'


@HOOKS.register_module()
class WallTimeHook(Hook):
    """Trains for a number of minutes, with a warm-up and a cosine schedule over this time.

    The time of all resumed runs counts, except for what a killed one spent after its last
    checkpoint. The learning rate of each parameter group is its initial one times the schedule;
    leave ``param_scheduler`` empty.

    Args:
        minutes: Duration of the training.
        warmup: Fraction of it in which the learning rate rises from 0.
        final: Final learning rate over the initial one.

    Raises:
        ValueError: If a value is out of range.
    """

    priority = 'HIGH'

    def __init__(self, minutes: float, warmup: float = 0.03, final: float = 0.01) -> None:
        if not minutes > 0 or not 0 <= warmup < 1 or not 0 <= final <= 1:
            raise ValueError(
                f'minutes={minutes}, warmup={warmup} and final={final}: minutes must be above 0, '
                'warmup from 0 to below 1, final from 0 to 1.'
            )
        self.minutes, self.warmup, self.final = minutes, warmup, final
        self._before = 0.0
        self._began = time.monotonic()

    def before_train(self, runner: Runner) -> None:
        """Restore the time of earlier runs, and skip the batches they saw."""
        self._before = float(runner.message_hub.runtime_info.get(_ELAPSED, 0.0))
        self._began = time.monotonic()
        dataset = runner.train_dataloader.dataset
        if hasattr(dataset, 'skip_batches'):
            dataset.skip_batches = runner.iter

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Set the learning rate."""
        factor = self.factor(self.elapsed / (60 * self.minutes))
        for group in runner.optim_wrapper.optimizer.param_groups:
            group['lr'] = group.setdefault('initial_lr', group['lr']) * factor

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Record the time, and stop when it is over."""
        elapsed = self.elapsed
        runner.message_hub.update_info(_ELAPSED, elapsed)
        if elapsed >= 60 * self.minutes:
            # This makes it the last iteration, after which the checkpoint hook saves.
            runner.train_loop._max_iters = runner.iter + 1

    @property
    def elapsed(self) -> float:
        """Seconds of all runs, by the clock of the first process."""
        seconds = torch.tensor(self._before + time.monotonic() - self._began, dtype=torch.float64)
        # Own clocks would give the processes different learning rates and last iterations.
        broadcast(seconds)
        return float(seconds)

    def factor(self, share: float) -> float:
        """Learning rate over the initial one, after a fraction of the time."""
        if share < self.warmup:
            return max(share / self.warmup, 1e-3)
        done = min((share - self.warmup) / (1 - self.warmup), 1.0)
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * done))
