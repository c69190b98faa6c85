from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mmeatrack.engine.hooks import WallTimeHook, wall_time_hook


def toy_runner(iteration: int = 0, elapsed: float = 0.0) -> Any:
    weight = torch.nn.Parameter(torch.zeros(1))
    info = {'wall_time_elapsed': elapsed}
    return SimpleNamespace(
        iter=iteration,
        message_hub=SimpleNamespace(
            runtime_info=info, update_info=lambda key, value: info.update({key: value})
        ),
        train_dataloader=SimpleNamespace(dataset=SimpleNamespace(skip_batches=0)),
        optim_wrapper=SimpleNamespace(optimizer=torch.optim.SGD([weight], lr=0.5)),
        train_loop=SimpleNamespace(_max_iters=1000),
    )


def test_factor_rises_then_falls_along_a_cosine() -> None:
    hook = WallTimeHook(minutes=10, warmup=0.2, final=0.1)
    assert hook.factor(0.1) == pytest.approx(0.5)
    assert hook.factor(0.2) == pytest.approx(1.0)
    assert hook.factor(0.6) == pytest.approx(0.55)
    assert hook.factor(1.0) == hook.factor(1.7) == pytest.approx(0.1)


def test_time_of_earlier_runs_counts_and_their_batches_are_skipped() -> None:
    hook = WallTimeHook(minutes=1, warmup=0.0, final=0.0)
    runner = toy_runner(iteration=7, elapsed=30.0)
    hook.before_train(runner)
    assert runner.train_dataloader.dataset.skip_batches == 7
    hook.before_train_iter(runner, 7)
    assert runner.optim_wrapper.optimizer.param_groups[0]['lr'] == pytest.approx(0.25, rel=0.05)
    hook.after_train_iter(runner, 7)
    assert runner.train_loop._max_iters == 1000
    assert runner.message_hub.runtime_info['wall_time_elapsed'] == pytest.approx(30, abs=5)


def test_training_stops_when_the_time_is_over() -> None:
    hook = WallTimeHook(minutes=1)
    runner = toy_runner(elapsed=61.0)
    hook.before_train(runner)
    hook.after_train_iter(runner, 0)
    # MMEngine's checkpoint hook saves after the last iteration.
    assert runner.train_loop._max_iters == 1


def test_all_processes_follow_the_clock_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wall_time_hook, 'broadcast', lambda seconds: seconds.fill_(61.0))
    hook, runner = WallTimeHook(minutes=1, final=0.5), toy_runner()
    hook.before_train(runner)
    hook.before_train_iter(runner, 0)
    assert runner.optim_wrapper.optimizer.param_groups[0]['lr'] == pytest.approx(0.25)
    hook.after_train_iter(runner, 0)
    assert runner.train_loop._max_iters == 1


@pytest.mark.parametrize('wrong', [dict(minutes=0), dict(minutes=1, warmup=1.0)])
def test_bad_values_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match='minutes must be above 0'):
        WallTimeHook(**wrong)
