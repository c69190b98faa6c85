import os
import random
from functools import partial

import numpy as np
import torch

from mmeatrack.engine.hooks.deterministic_resume_hook import derive_seed, follow_epochs
from tests.test_engine.toy_runs import train_runner
from tests.toys import build, distill_cfg

HOOK = [dict(type='mmeatrack.DeterministicResumeHook')]


def draw() -> tuple:
    return random.random(), float(np.random.rand()), float(torch.rand(1))


def test_seeds_differ_in_each_number_and_stay() -> None:
    # numpy guarantees that SeedSequence's streams do not change between versions.
    assert derive_seed(0, 0, 1, 5) == 876736463
    seeds = {
        derive_seed(s, r, k, n) for s in (0, 1) for r in (0, 1) for k in (0, 1) for n in (0, 1)
    }
    assert len(seeds) == 16


def test_draws_depend_on_epoch_and_iteration(tmp_path) -> None:
    runner = train_runner(build(distill_cfg()), tmp_path / 'run', custom_hooks=HOOK)
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    hook = next(each for each in runner.hooks if type(each).__name__ == 'DeterministicResumeHook')
    drawn = []
    for epoch, iteration in [(0, 0), (1, 4), (1, 4), (1, 5)]:
        runner.train_loop._epoch, runner.train_loop._iter = epoch, iteration
        hook.before_train_epoch(runner)
        data = draw()
        hook.before_train_iter(runner, 0)
        drawn.append((data, float(torch.rand(1))))
    assert drawn[1] == drawn[2]
    assert drawn[1][0] == drawn[3][0]  # the same epoch
    assert drawn[1][1] != drawn[3][1]  # another iteration
    assert drawn[0][0] != drawn[1][0]


class Draws(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple:
        return os.getpid(), *draw()


def test_workers_persist_and_follow_the_epochs_seed() -> None:
    """The draws of a worker in an epoch do not depend on its earlier epochs."""

    def epochs(*seeds: int) -> list:
        seed = torch.zeros((), dtype=torch.long).share_memory_()
        loader = torch.utils.data.DataLoader(
            Draws(),
            num_workers=2,
            persistent_workers=True,
            batch_size=None,
            worker_init_fn=partial(follow_epochs, epoch_seed=seed),
        )
        return [list(loader) for each in seeds if seed.fill_(each) is not None]

    first, second, again = epochs(3, 4, 3)
    assert len({row[0] for epoch in (first, second) for row in epoch}) == 2  # workers
    alone = epochs(4)[0]
    assert [row[1:] for row in second] == [row[1:] for row in alone]
    assert [row[1:] for row in first] == [row[1:] for row in again]
    assert len({value for row in first + second for value in row[1:]}) == 24
