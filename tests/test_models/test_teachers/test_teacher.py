from typing import Any

import pytest
import torch

from mmeatrack.conversion import from_ostrack
from mmeatrack.models import EATrack
from mmeatrack.models.teachers.teacher import load_teacher
from tests.toy_ostrack import ostrack_weights
from tests.toys import (
    PREPROCESSOR,
    build,
    distill_cfg,
    logged,
    same_weights,
    saved,
    teacher_cfg,
    tracker_cfg,
)


def distill(**kwargs: Any) -> Any:
    return build(distill_cfg(allow_random_teacher=False, **kwargs), seed=5)


@pytest.mark.parametrize('wrap', [True, False])
def test_checkpoint_is_loaded_and_stays(tmp_path, wrap: bool) -> None:
    """mmengine draws the student's weights later, but not the teacher's."""
    trained = build(teacher_cfg(), seed=1)
    path = tmp_path / 'teacher.pth'
    torch.save(dict(state_dict=trained.state_dict()) if wrap else trained.state_dict(), path)
    model = distill(teacher_ckpt=str(path))
    assert same_weights(model.teacher, trained)
    assert not same_weights(model.student, build(tracker_cfg(), seed=1))


def test_matched_tensors_are_logged(tmp_path) -> None:
    trained = build(teacher_cfg())
    weights = dict(trained.state_dict(), extra=torch.zeros(1))
    path = str(tmp_path / 'teacher.pth')
    torch.save(dict(state_dict=weights), path)
    with logged() as messages:
        distill(teacher_ckpt=path)
    total = len(trained.state_dict())
    report = next(m for m in messages if m.startswith(f'teacher {path}'))
    assert report == (
        f'teacher {path}: {total} of {total} tensors matched, 0 missing [], 0 of another shape [], '
        "1 unknown ['extra']"
    )


@pytest.mark.parametrize(
    ('other', 'expected'),
    [
        # The student's checkpoint, and that of a wider teacher.
        (tracker_cfg(), r"24 missing \['backbone.joint_stage.2.norm1.weight'.* 24 unknown"),
        (
            teacher_cfg(backbone=dict(embed_dims=32)),
            r"0 missing \[\], 57 of another shape \['backbone.template_pos_embed \(1, 4, 32\)",
        ),
    ],
)
def test_checkpoint_of_another_model_is_refused(tmp_path, other: dict, expected: str) -> None:
    path = saved(build(other), tmp_path / 'other.pth')
    with pytest.raises(RuntimeError, match=expected) as error:
        distill(teacher_ckpt=path)
    assert path in str(error.value)
    assert 'Set model.teacher to the config that it was trained with' in str(error.value)


def test_missing_checkpoint_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r'absent\.pth'):
        distill(teacher_ckpt=str(tmp_path / 'absent.pth'))


def test_teacher_without_a_checkpoint_is_refused() -> None:
    with pytest.raises(ValueError, match=r'teacher_ckpt is missing.*allow_random_teacher=True'):
        distill()


def test_teacher_from_a_config_file(tmp_path) -> None:
    config = tmp_path / 'teacher.py'
    config.write_text(f'model = {teacher_cfg(data_preprocessor=PREPROCESSOR)!r}\n')
    trained = build(teacher_cfg(), seed=1)
    path = saved(trained, tmp_path / 'teacher.pth')
    model = distill(teacher=str(config), teacher_ckpt=path)
    assert isinstance(model.teacher, EATrack)
    assert len(model.teacher.backbone.joint_stage) == 4
    assert same_weights(model.teacher, trained)


def test_teacher_may_be_a_built_model() -> None:
    teacher = build(teacher_cfg(), seed=1)
    model = build(distill_cfg(teacher=teacher))
    assert model.teacher is teacher
    assert same_weights(model.teacher, build(teacher_cfg(), seed=1))


def test_missing_config_file_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"'teachers/absent\.py' does not exist") as error:
        build(distill_cfg(teacher='teachers/absent.py'))
    assert str(tmp_path) in str(error.value)


def test_config_file_without_a_model_is_refused(tmp_path) -> None:
    config = tmp_path / 'schedule.py'
    config.write_text('max_iters = 3\n')
    with pytest.raises(ValueError, match=r'schedule\.py has no `model`'):
        build(distill_cfg(teacher=str(config)))


def test_checkpoint_of_ostrack_is_loaded(tmp_path) -> None:
    weights = ostrack_weights(depth=2)
    path = tmp_path / 'OSTrack_ep0300.pth.tar'
    torch.save(dict(net=weights, net_type='OSTrack'), path)
    model = from_ostrack(weights).model
    teacher = build(dict(model, data_preprocessor=PREPROCESSOR))
    load_teacher(teacher, str(path))
    qkv = teacher.backbone.joint_stage[1].attn.qkv.weight
    assert torch.equal(qkv, weights['backbone.blocks.1.attn.qkv.weight'])
    shallower = build(
        dict(model, backbone=dict(model['backbone'], joint_depth=3), data_preprocessor=PREPROCESSOR)
    )
    with pytest.raises(RuntimeError, match='of another model'):
        load_teacher(shallower, str(path))
