"""Distillation ends where it is told to, and so do its losses in the log."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, List

import pytest
from mmengine.registry import HOOKS

from mmeatrack.engine import StopDistillHook
from tests.test_engine.toy_runs import train_runner
from tests.toys import build, distill_cfg, tracker_cfg

BY_ITERATION = dict(type='IterBasedTrainLoop', max_iters=5)


def train(tmp_path: Path, hook: Dict[str, Any], loop: Dict[str, Any], **kwargs: Any) -> Any:
    """Train by four iterations an epoch, and log each."""
    runner = train_runner(
        build(distill_cfg()),
        tmp_path / 'run',
        loop,
        dict(by_epoch=loop.get('by_epoch', False), interval=1),
        custom_hooks=[hook, dict(type='LoggerHook', interval=1)],
        visualizer=dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')]),
        log_processor=dict(window_size=2, by_epoch=loop.get('by_epoch', False)),
        **kwargs,
    )
    runner.train()
    return runner


def logged_distillation(tmp_path: Path) -> List[bool]:
    """True for each line of the log that has a distillation loss."""
    path = sorted((tmp_path / 'run').glob('*/vis_data/scalars.json'))[-1]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    by_step = {row['step']: row for row in rows if 'loss' in row}
    return [any(name.startswith('distill.') for name in row) for row in by_step.values()]


@pytest.mark.parametrize('name', ['mmeatrack.StopDistillHook', 'mmrazor.StopDistillHook'])
@pytest.mark.parametrize(
    ('when', 'loop', 'expected'),
    [
        (dict(stop_iter=3), BY_ITERATION, [True] * 3 + [False] * 2),
        (dict(stop_epoch=1), dict(by_epoch=True, max_epochs=2), [True] * 4 + [False] * 4),
    ],
)
def test_teacher_and_losses_go(
    tmp_path: Path, name: str, when: dict, loop: dict, expected: List[bool]
) -> None:
    runner = train(tmp_path, dict(type=name, **when), loop)
    assert runner.model.distillation_stopped
    assert logged_distillation(tmp_path) == expected
    assert not any('distill' in name for name in runner.message_hub.log_scalars)


def test_iterations_may_be_counted_in_epochs_of_any_length(tmp_path: Path) -> None:
    loop = dict(by_epoch=True, max_epochs=2)
    train(tmp_path, dict(type='mmeatrack.StopDistillHook', stop_iter=6), loop)
    assert logged_distillation(tmp_path) == [True] * 6 + [False] * 2


def test_a_resumed_training_stays_stopped(tmp_path: Path) -> None:
    hook = dict(type='mmeatrack.StopDistillHook', stop_iter=2)
    train(tmp_path, hook, dict(type='IterBasedTrainLoop', max_iters=2))
    start = str(tmp_path / 'run' / 'iter_2.pth')
    train(tmp_path, hook, BY_ITERATION, resume=True, load_from=start)
    assert logged_distillation(tmp_path)[-3:] == [False] * 3


@pytest.mark.parametrize('name', ['mmeatrack.StopDistillHook', 'mmrazor.StopDistillHook'])
def test_epochs_are_refused_where_iterations_are_counted(tmp_path: Path, name: str) -> None:
    words = r'stop_epoch=1\) counts epochs, but IterBasedTrainLoop counts .*: give stop_iter.* 5'
    with pytest.raises(ValueError, match=words):
        train(tmp_path, dict(type=name, stop_epoch=1), BY_ITERATION)
    assert not list((tmp_path / 'run').glob('*.pth'))


def test_a_model_without_a_teacher_is_refused() -> None:
    runner: Any = SimpleNamespace(model=build(tracker_cfg()))
    with pytest.raises(TypeError, match='but the model is EATrack: remove the hook'):
        StopDistillHook(stop_iter=1).before_train(runner)


@pytest.mark.parametrize(
    'kwargs', [{}, dict(stop_epoch=1, stop_iter=1), dict(stop_iter=-1), dict(stop_epoch=-2)]
)
def test_unusable_arguments_are_refused(kwargs: dict) -> None:
    with pytest.raises(ValueError, match='stop_epoch'):
        HOOKS.build(dict(type='mmeatrack.StopDistillHook', **kwargs))
