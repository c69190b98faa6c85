"""Random numbers that follow from the iteration, so that a resumed training draws the same."""

import random
from functools import partial
from typing import Any, List

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import Tensor
from torch.utils.data import get_worker_info

from mmeatrack.registry import HOOKS

# Streams of random numbers that a seed is for.
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

    With a schedule that counts epochs, data loader workers are seeded anew in each, whether they
    persist or not; and checkpoints must be saved by epoch. With gradient accumulation they must be
    saved after a whole step, as MMEngine keeps no gradients.
    """

    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self._epoch_seed = torch.zeros((), dtype=torch.long)

    def before_train(self, runner: Runner) -> None:
        """Let the workers follow from the seed of the epoch."""
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            self._epoch_seed.share_memory_()
            runner.train_dataloader.worker_init_fn = partial(
                follow_epochs, epoch_seed=self._epoch_seed
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed what the data pipeline draws from."""
        seed = derive_seed(runner.seed, get_rank(), _EPOCH, runner.epoch)
        self._epoch_seed.fill_(seed)
        _seed_all(seed)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Seed what the model draws from, on all devices."""
        torch.manual_seed(derive_seed(runner.seed, get_rank(), _ITERATION, runner.iter))


def derive_seed(*numbers: int) -> int:
    """A seed of 32 bits for several numbers; other numbers give an unrelated one."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def follow_epochs(worker_id: int, epoch_seed: Tensor) -> None:
    """Make a data loader's worker draw anew when the seed of the epoch changes.

    A persistent worker is not told that an epoch begins: its copy of the data set looks at the
    seed, a scalar in memory shared with the main process, before each sample.
    """
    info = get_worker_info()
    assert info is not None, 'this is a worker_init_fn, which a data loader calls'
    kind: Any = type(info.dataset)
    seeds: List[int] = []  # of the epochs so far

    class FollowingDataset(kind):
        def __getitem__(self, index: Any) -> Any:
            seed = int(epoch_seed)
            if seeds[-1:] != [seed]:
                seeds.append(seed)
                _seed_all(derive_seed(seed, worker_id))
            return super().__getitem__(index)

    info.dataset.__class__ = FollowingDataset


def _seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
