"""Random numbers that follow from the iteration, so that a resumed training draws the same."""

import random
from typing import Any, Optional

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmeatrack.registry import HOOKS

# Which stream of random numbers a seed is for.
_EPOCH, _ITERATION = 0, 1


@HOOKS.register_module()
class DeterministicResumeHook(Hook):
    """Makes a training that was killed and resumed draw what it would have drawn undisturbed.

    MMEngine's checkpoints hold weights, optimizer and schedules, but no state of a random
    generator. Here nothing needs one: what the model draws in an iteration follows from the run's
    seed, the process's rank and the iteration; what the data pipeline draws in an epoch, from seed,
    rank and epoch. (Schedules that count iterations have one epoch; MMEngine draws it again from
    its beginning when it resumes.) Together with ``randomness=dict(seed=..., deterministic=True)``
    the weights are those of an undisturbed run, bit for bit on a CPU.

    With a schedule that counts epochs, data loader workers are started anew for each, also with
    ``persistent_workers``, as they could not be brought to where they had been; and checkpoints
    must be saved by epoch. With gradient accumulation they must be saved after a whole step, as
    MMEngine keeps no gradients.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Let the workers of each epoch follow from what is drawn at its start."""
        if _counts_epochs(runner):
            runner.train_dataloader.worker_init_fn = seed_worker

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed what the data pipeline draws from."""
        seed = derive_seed(runner.seed, get_rank(), _EPOCH, runner.epoch)
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        if _counts_epochs(runner):
            # Ends the workers that persisted; the loader takes the seed of new ones from torch.
            runner.train_dataloader._iterator = None

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Optional[Any] = None
    ) -> None:
        """Seed what the model draws from, on all devices."""
        torch.manual_seed(derive_seed(runner.seed, get_rank(), _ITERATION, runner.iter))


def derive_seed(*numbers: int) -> int:
    """A seed of 32 bits for several numbers; other numbers give an unrelated one."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def seed_worker(worker_id: int) -> None:
    """Seed a data loader's worker by what torch gave it, the main process's draw and its number."""
    seed = derive_seed(torch.initial_seed())
    random.seed(seed)
    np.random.seed(seed)


def _counts_epochs(runner: Runner) -> bool:
    return isinstance(runner.train_loop, EpochBasedTrainLoop)
