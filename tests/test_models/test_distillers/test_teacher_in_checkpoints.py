"""The teacher's part in checkpoints: the configured one distils, whatever a checkpoint holds."""

import copy
from pathlib import Path
from typing import Any, Dict, List

import pytest
import torch
from mmengine.model import ExponentialMovingAverage, StochasticWeightAverage
from mmengine.runner.checkpoint import get_state_dict, load_state_dict
from torch import Tensor, nn

from tests.test_engine.toy_runs import train_runner
from tests.toys import (
    build,
    distill_cfg,
    logged,
    same_weights,
    saved,
    teacher_cfg,
    tracker_cfg,
    training_batch,
    weights_of,
)

DISTILLER = dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(3, 3)])


@pytest.fixture(scope='module')
def files(tmp_path_factory: pytest.TempPathFactory) -> List[str]:
    """Checkpoints of two trained teachers."""
    folder = tmp_path_factory.mktemp('teachers')
    return [
        saved(build(teacher_cfg(), seed=20 + index), folder / f'{index}.pth') for index in range(2)
    ]


def one_teacher(path: str, **kwargs: Any) -> Any:
    return build(distill_cfg(teacher_ckpt=path, allow_random_teacher=False, **kwargs), seed=5)


def two_teachers(paths: List[str]) -> Any:
    teachers = [dict(config=teacher_cfg(), ckpt=path) for path in paths]
    cfg = dict(architecture=tracker_cfg(), teachers=teachers, distiller=DISTILLER)
    return build(dict(type='mmeatrack.MultiTeacherDistill', **cfg), seed=5)


def teacher_keys(weights: Dict[str, Tensor]) -> List[str]:
    return [key for key in weights if 'teacher' in key]


def with_teachers(model: Any) -> Dict[str, Tensor]:
    """State dict that includes the teachers, as earlier releases saved it."""
    weights = dict(model.state_dict())
    for index, teacher in enumerate(model.teachers):
        name = f'other_teachers.{index - 1}' if index else 'teacher'
        weights.update({f'{name}.{key}': value for key, value in teacher.state_dict().items()})
    return weights


def losses_of(model: Any) -> Dict[str, float]:
    model.eval()
    losses = model(*training_batch(), mode='loss')
    return {key: value.item() for key, value in losses.items()}


@pytest.mark.parametrize('get', [get_state_dict, nn.Module.state_dict])
def test_checkpoint_omits_a_teacher_loaded_from_a_file(files: List[str], get: Any) -> None:
    one, two = one_teacher(files[0]), two_teachers(files)
    assert teacher_keys(get(one)) == teacher_keys(get(two)) == []
    # Only the student's tensors: neither model has adapters.
    assert len(get(one)) == len(get(two)) == len(build(tracker_cfg()).state_dict())
    random = build(distill_cfg())
    assert len(teacher_keys(get(random))) == len(build(teacher_cfg()).state_dict())


@pytest.mark.parametrize('load', [load_state_dict, nn.Module.load_state_dict])
def test_configured_teacher_wins(files: List[str], load: Any) -> None:
    """Another teacher in an old checkpoint is ignored with a warning."""
    first, swapped = one_teacher(files[0]), one_teacher(files[1])
    expected = losses_of(swapped)
    assert expected['distill.loss_feat_3_3'] != losses_of(first)['distill.loss_feat_3_3']
    load(swapped, first.state_dict(), strict=True)
    assert losses_of(swapped) == expected
    with logged() as messages:
        load(swapped, with_teachers(first), strict=True)
    assert losses_of(swapped) == expected
    assert [m for m in messages if f'the configured one is kept: {files[1]}' in m]
    with logged() as messages:
        load(first, with_teachers(first), strict=True)
    assert not [m for m in messages if 'the configured one is kept' in m]


@pytest.mark.parametrize('load', [load_state_dict, nn.Module.load_state_dict])
def test_configured_teachers_win(files: List[str], load: Any) -> None:
    swapped = two_teachers(files[::-1])
    expected = losses_of(swapped)
    load(swapped, with_teachers(two_teachers(files)), strict=True)
    assert losses_of(swapped) == expected


def test_student_of_an_old_checkpoint_is_loaded(files: List[str]) -> None:
    trained, model = build(distill_cfg(), seed=8), one_teacher(files[0])
    model.load_state_dict(with_teachers(trained), strict=True)
    assert same_weights(model.student, trained.student)


def test_wider_teacher_replaces_another(files: List[str], tmp_path: Path) -> None:
    wide = teacher_cfg(backbone=dict(embed_dims=32))
    path = saved(build(wide), tmp_path / 'wide.pth')
    model = one_teacher(path, teacher=wide, distiller=DISTILLER)
    load_state_dict(model, with_teachers(one_teacher(files[0])))
    assert model.teacher.backbone.embed_dims == 32
    assert model.teacher.state_dict()['backbone.norm.weight'].shape == (32,)


def test_teacher_without_a_file_comes_from_the_checkpoint(files: List[str]) -> None:
    trained, model = build(distill_cfg(), seed=8), build(distill_cfg(), seed=9)
    model.load_state_dict(trained.state_dict(), strict=True)
    assert losses_of(model) == losses_of(trained)


def test_test_of_a_student_needs_no_teacher(files: List[str]) -> None:
    model = build(distill_cfg(), seed=9)
    with logged() as messages:
        model.load_state_dict(one_teacher(files[0]).state_dict(), strict=True)
    assert [m for m in messages if 'the checkpoint has no teacher' in m]


def test_resumed_run_distils_from_the_configured_teacher(files: List[str], tmp_path: Path) -> None:
    """It also continues from a checkpoint of an earlier release, optimizer included."""
    first = one_teacher(files[0])
    once = dict(by_epoch=True, max_epochs=1)
    train_runner(first, tmp_path / 'first', train_cfg=once).train()
    path = tmp_path / 'first' / 'epoch_1.pth'
    saved = torch.load(path, weights_only=False)
    assert teacher_keys(saved['state_dict']) == []
    saved['state_dict'].update(
        {f'teacher.{key}': value for key, value in first.teacher.state_dict().items()}
    )
    old = tmp_path / 'old.pth'
    torch.save(saved, old)

    def resumed(teacher: str, checkpoint: Path, name: str) -> Dict[str, float]:
        model = one_teacher(teacher)
        runner = train_runner(
            model, tmp_path / name, train_cfg=once, resume=True, load_from=str(checkpoint)
        )
        runner.train()
        return losses_of(model)

    kept = resumed(files[0], path, 'kept')
    assert resumed(files[0], old, 'kept-old') == kept
    swapped = resumed(files[1], path, 'swapped')
    assert resumed(files[1], old, 'swapped-old') == swapped
    assert swapped['student.loss_cls'] == kept['student.loss_cls']
    assert swapped['distill.loss_feat_3_3'] != kept['distill.loss_feat_3_3']


# Copies and averages


@pytest.mark.parametrize('average', [ExponentialMovingAverage, StochasticWeightAverage])
@pytest.mark.parametrize('update_buffers', [False, True])
@pytest.mark.parametrize('from_file', [True, False])
def test_average_shares_the_teacher(
    files: List[str], average: Any, update_buffers: bool, from_file: bool
) -> None:
    model = one_teacher(files[0]) if from_file else build(distill_cfg())
    before = weights_of(model.teacher)
    averaged = average(model, update_buffers=update_buffers)
    copied = averaged.module
    for one, other in zip(
        model.teacher.state_dict().values(), copied.teacher.state_dict().values()
    ):
        assert one.data_ptr() == other.data_ptr()
    for _ in range(3):
        with torch.no_grad():
            for parameter in model.student.parameters():
                parameter.add_(1)
        averaged.update_parameters(model)
    assert same_weights(model.teacher, before)
    assert not torch.equal(copied.student.backbone.norm.weight, model.student.backbone.norm.weight)
    assert bool(teacher_keys(averaged.state_dict())) is not from_file


def test_moving_a_copy_leaves_the_teacher_on_its_device(files: List[str]) -> None:
    model = one_teacher(files[0])
    copy.deepcopy(model).to('meta')
    assert {p.device.type for p in model.parameters()} == {'cpu'}


def test_copy_distils_independently(files: List[str]) -> None:
    """Its recorders record its own modules."""
    model = two_teachers(files)
    copied = copy.deepcopy(model)
    expected = losses_of(model)
    assert losses_of(copied) == expected
    with torch.no_grad():
        copied.student.backbone.norm.weight.mul_(2)
    assert losses_of(copied) != expected
    assert losses_of(model) == expected


def test_averaged_run_saves_and_resumes(files: List[str], tmp_path: Path) -> None:
    hooks = [dict(type='EMAHook', momentum=0.5, strict_load=True)]

    def run(epochs: int, **kwargs: Any) -> Any:
        model = one_teacher(files[0])
        train_cfg = dict(by_epoch=True, max_epochs=epochs)
        train_runner(model, tmp_path / 'work', train_cfg, custom_hooks=hooks, **kwargs).train()
        return model

    run(1)
    path = tmp_path / 'work' / 'epoch_1.pth'
    saved = torch.load(path, weights_only=False)
    assert teacher_keys(saved['state_dict']) == teacher_keys(saved['ema_state_dict']) == []
    model = run(2, resume=True, load_from=str(path))
    assert same_weights(model.teacher, torch.load(files[0], weights_only=False)['state_dict'])
