"""Random numbers derived from the iteration, so that a resumed training draws the same."""

import random
from functools import partial
from typing import Any, Optional

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import Tensor
from torch.utils.data import get_worker_info

from mmeatrack.registry import HOOKS

# Random streams, each with its own seeds.
_EPOCH, _ITERATION = 0, 1


@HOOKS.register_module()
class DeterministicResumeHook(Hook):
    """Makes a killed and resumed training draw the random numbers of an uninterrupted one.

    MMEngine's checkpoints hold weights, optimizer and schedules, but no state of random
    generators. This hook derives the model's draws in an iteration from the run's seed, the rank
    and the iteration, and the data pipeline's draws in an epoch from seed, rank and epoch. (A
    schedule by iterations has one epoch, whose data MMEngine draws again from the start when it
    resumes.) With ``randomness=dict(seed=..., deterministic=True)`` the weights equal those of an
    uninterrupted run, bit for bit on a CPU.

    With a schedule by epochs, data loader workers are seeded in each epoch, persistent or not, and
    checkpoints must be saved by epoch. With gradient accumulation they must be saved after a whole
    step, because MMEngine does not save gradients.
    """

    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self._epoch_seed = torch.zeros((), dtype=torch.long)

    def before_train(self, runner: Runner) -> None:
        """Make the workers follow the seed of the epoch."""
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            self._epoch_seed.share_memory_()
            runner.train_dataloader.worker_init_fn = partial(
                follow_epochs, epoch_seed=self._epoch_seed
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed the generators of the data pipeline."""
        seed = derive_seed(runner.seed, get_rank(), _EPOCH, runner.epoch)
        self._epoch_seed.fill_(seed)
        _seed_all(seed)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Seed the model's generators, on all devices."""
        torch.manual_seed(derive_seed(runner.seed, get_rank(), _ITERATION, runner.iter))


def derive_seed(*numbers: int) -> int:
    """Seed of 32 bits for several numbers; other numbers give an unrelated seed."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def follow_epochs(worker_id: int, epoch_seed: Tensor) -> None:
    """Seed a data loader's worker whenever the seed of the epoch changes.

    A persistent worker is not told that an epoch begins: its copy of the dataset reads the seed, a
    scalar in memory shared with the main process, before each sample.
    """
    info = get_worker_info()
    assert info is not None, 'this is a worker_init_fn, which a data loader calls'
    kind: Any = type(info.dataset)
    current: Optional[int] = None

    class FollowingDataset(kind):
        def __getitem__(self, index: Any) -> Any:
            nonlocal current
            if current != int(epoch_seed):
                current = int(epoch_seed)
                _seed_all(derive_seed(current, worker_id))
            return super().__getitem__(index)

    info.dataset.__class__ = FollowingDataset


def _seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
