"""Distillation ends where it is told to, and validation logs the teacher's metrics."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, List
from unittest.mock import Mock

import pytest
from mmengine.registry import HOOKS

from mmeatrack.engine import StopDistillHook, TeacherValHook
from tests.test_engine.toy_runs import KeepResults, train_runner
from tests.toys import build, distill_cfg, follow, tracker_cfg, video

BY_ITERATION = dict(type='IterBasedTrainLoop', max_iters=5)


def train(tmp_path: Path, hook: Dict[str, Any], loop: Dict[str, Any], **kwargs: Any) -> Any:
    """Train with four iterations an epoch, and log each."""
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
def test_teacher_and_losses_stop(
    tmp_path: Path, name: str, when: dict, loop: dict, expected: List[bool]
) -> None:
    runner = train(tmp_path, dict(type=name, **when), loop)
    assert runner.model.distillation_stopped
    assert logged_distillation(tmp_path) == expected
    assert not any('distill' in name for name in runner.message_hub.log_scalars)


def test_stop_iter_may_fall_within_an_epoch(tmp_path: Path) -> None:
    loop = dict(by_epoch=True, max_epochs=2)
    train(tmp_path, dict(type='mmeatrack.StopDistillHook', stop_iter=6), loop)
    assert logged_distillation(tmp_path) == [True] * 6 + [False] * 2


def test_resumed_training_stays_stopped(tmp_path: Path) -> None:
    hook = dict(type='mmeatrack.StopDistillHook', stop_iter=2)
    train(tmp_path, hook, dict(type='IterBasedTrainLoop', max_iters=2))
    start = str(tmp_path / 'run' / 'iter_2.pth')
    train(tmp_path, hook, BY_ITERATION, resume=True, load_from=start)
    assert logged_distillation(tmp_path)[-3:] == [False] * 3


@pytest.mark.parametrize('name', ['mmeatrack.StopDistillHook', 'mmrazor.StopDistillHook'])
def test_stop_epoch_is_refused_in_a_loop_by_iterations(tmp_path: Path, name: str) -> None:
    message = r'stop_epoch=1\) counts epochs, but IterBasedTrainLoop counts .*: give stop_iter.* 5'
    with pytest.raises(ValueError, match=message):
        train(tmp_path, dict(type=name, stop_epoch=1), BY_ITERATION)
    assert not list((tmp_path / 'run').glob('*.pth'))


def test_model_without_a_teacher_is_refused() -> None:
    runner: Any = SimpleNamespace(model=build(tracker_cfg()))
    with pytest.raises(TypeError, match='but the model is EATrack: remove the hook'):
        StopDistillHook(stop_iter=1).before_train(runner)
    with pytest.raises(TypeError, match='but the model is EATrack: remove the hook'):
        TeacherValHook().before_val_epoch(runner)


@pytest.mark.parametrize(
    'kwargs', [{}, dict(stop_epoch=1, stop_iter=1), dict(stop_iter=-1), dict(stop_epoch=-2)]
)
def test_unusable_arguments_are_refused(kwargs: dict) -> None:
    with pytest.raises(ValueError, match='stop_epoch'):
        HOOKS.build(dict(type='mmeatrack.StopDistillHook', **kwargs))


def test_teacher_is_validated_once_and_logged_with_the_student(tmp_path: Path) -> None:
    model, metric = build(distill_cfg()), KeepResults([0.9, 0.4, 0.5])
    train_runner(
        model,
        tmp_path,
        checkpoint=dict(interval=1, save_best='toy/success', rule='greater'),
        metric=metric,
        custom_hooks=[dict(type='mmeatrack.TeacherValHook')],
    ).train()
    (scalars,) = tmp_path.glob('*/vis_data/scalars.json')
    records = [json.loads(line) for line in scalars.read_text().splitlines()]
    found = [(r['teacher/toy/success'], r['toy/success']) for r in records if 'toy/success' in r]
    assert found == [(0.9, 0.4), (0.9, 0.5)]
    assert len(metric.rows) == 3 * 3  # once the teacher, twice the student
    expected = follow(model.teacher, video(3))
    for row, own in zip(metric.rows[1:3], expected[1:]):
        assert row.tolist() == pytest.approx(own.tolist(), abs=1e-5)
    # The best checkpoint is chosen by the student's metric.
    assert [path.name for path in tmp_path.glob('best_*.pth')] == ['best_toy_success_epoch_2.pth']


def test_each_of_several_teachers_is_validated() -> None:
    """Their metrics are named like their losses."""

    class Teacher:
        def __init__(self, success: float) -> None:
            self.success = success

        def val_step(self, batch: int) -> List[float]:
            return [self.success + batch]

    class Evaluator:
        def process(self, data_samples: List[float], data_batch: int) -> None:
            self.last = data_samples[0]

        def evaluate(self, size: int) -> Dict[str, float]:
            return dict(success=self.last)

    class Data(list):
        dataset = range(2)

    runner: Any = SimpleNamespace(
        model=SimpleNamespace(teacher=None, teachers=[Teacher(0.5), Teacher(0.25)]),
        val_loop=SimpleNamespace(dataloader=Data([0, 2]), evaluator=Evaluator()),
        message_hub=Mock(),
    )
    hook = TeacherValHook()
    hook.before_val_epoch(runner)
    hook.after_val_epoch(runner)
    logged = [call.args for call in runner.message_hub.update_scalar.call_args_list]
    assert logged == [('val/teacher_0/success', 2.5), ('val/teacher_1/success', 2.25)]
