import gc
import logging
import weakref
from types import SimpleNamespace
from typing import Any, List

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.runner import load_checkpoint
from mmrazor.engine.hooks import StopDistillHook

from tests.toys import (
    build,
    data_buffers,
    distill_cfg,
    follow,
    frame_sample,
    outputs_of,
    same_weights,
    teacher_cfg,
    tracker_cfg,
    training_batch,
    video,
    weights_of,
)


@pytest.fixture
def model() -> Any:
    return build(distill_cfg()).train()


def changed(module: Any, before: dict) -> List[str]:
    return [
        key for key, value in module.state_dict().items() if not torch.equal(value, before[key])
    ]


def test_losses_by_name(model) -> None:
    losses = model(*training_batch(), mode='loss')
    assert set(losses) == {
        'student.loss_cls',
        'student.loss_bbox',
        'student.loss_iou',
        'student.iou',
        'distill.loss_feat_2_2',
        'distill.loss_feat_3_3',
        'distill.loss_pred',
    }
    assert all(value.ndim == 0 and torch.isfinite(value) for value in losses.values())


def test_student_losses_do_not_depend_on_the_teacher(model) -> None:
    losses = model(*training_batch(), mode='loss')
    alone = build(distill_cfg()).student.train()(*training_batch(), mode='loss')
    assert {f'student.{name}': value.item() for name, value in alone.items()} == {
        name: value.item() for name, value in losses.items() if name.startswith('student.')
    }


# The teacher


def test_teacher_is_deterministic_under_train() -> None:
    cfg = dict(backbone=dict(drop_path_rate=0.5))
    model = build(distill_cfg(teacher=teacher_cfg(**cfg), architecture=tracker_cfg(**cfg)))
    model.train()
    inputs, _ = training_batch(batch_size=8)
    with torch.no_grad():
        first, again = (model.teacher(inputs, mode='tensor') for _ in range(2))
        student = [model.student(inputs, mode='tensor') for _ in range(2)]
    for one, other in zip(first, again):
        assert torch.equal(one, other)
    # The student's drop path is active, so the teacher's would have shown.
    assert not torch.equal(student[0].score, student[1].score)
    assert not any(module.training for module in model.teacher.modules())
    assert all(module.training for module in model.student.modules())


def test_teacher_stays_in_eval_in_every_mode(model) -> None:
    for mode in (True, False, True):
        assert model.train(mode) is model
        assert not any(module.training for module in model.teacher.modules())
        assert model.student.training is mode
    assert not build(distill_cfg()).teacher.training


def test_teacher_runs_once_in_tensor_mode(model, monkeypatch) -> None:
    runs = outputs_of(model.teacher)
    monkeypatch.setattr(model.teacher, 'loss', None)  # would fail if it were called
    model(*training_batch(), mode='loss')
    assert len(runs) == 1


def test_train_step_changes_the_student_only(model) -> None:
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1))
    teacher, student = weights_of(model.teacher), weights_of(model.student)
    inputs, samples = training_batch()
    # A train step normalises raw crops itself.
    raw = {key: [(value * 50 + 120).clamp(0, 255) for value in inputs[key]] for key in inputs}
    logs = model.train_step(dict(inputs=raw, data_samples=samples), wrapper)
    assert torch.isfinite(logs['loss'])
    assert same_weights(model.teacher, teacher)
    untouched = set(student) - set(changed(model.student, student))
    assert untouched == set()


def test_teacher_runs_in_the_students_precision(model) -> None:
    found = {}
    for name, tracker in (('student', model.student), ('teacher', model.teacher)):
        layer = tracker.backbone.joint_stage[-1].mlp
        layer.register_forward_hook(lambda _, __, output, n=name: found.update({n: output}))
    with torch.autocast('cpu', torch.bfloat16):
        losses = model(*training_batch(), mode='loss')
    assert {output.dtype for output in found.values()} == {torch.bfloat16}
    assert (found['student'].requires_grad, found['teacher'].requires_grad) == (True, False)
    assert {loss.dtype for loss in losses.values()} == {torch.float32}


def test_teacher_takes_no_gradient(model) -> None:
    assert not any(parameter.requires_grad for parameter in model.teacher.parameters())
    losses = model(*training_batch(), mode='loss')
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    assert all(parameter.grad is None for parameter in model.teacher.parameters())
    assert all(parameter.grad is not None for parameter in model.student.parameters())


# Records


def test_records_are_released_after_the_losses(model) -> None:
    alive: List[Any] = []
    for module in (model.student.backbone.joint_stage[1], model.teacher.backbone.joint_stage[3]):
        module.register_forward_hook(lambda m, i, output: alive.append(weakref.ref(output)))
    losses = model(*training_batch(), mode='loss')
    assert len(alive) == 2
    assert data_buffers(model) == [[]] * 8
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    del losses
    gc.collect()
    assert [reference() for reference in alive] == [None, None]


def test_records_are_released_after_an_error(model, monkeypatch) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError('no loss')

    monkeypatch.setattr(model.distiller, 'compute_distill_losses', fail)
    with pytest.raises(RuntimeError, match='no loss'):
        model(*training_batch(), mode='loss')
    assert data_buffers(model) == [[]] * 8


def test_records_of_an_earlier_batch_are_not_reused(model) -> None:
    model.student.eval()
    first = model(*training_batch(seed=1), mode='loss')
    model(*training_batch(seed=2), mode='loss')
    again = model(*training_batch(seed=1), mode='loss')
    assert {k: v.item() for k, v in first.items()} == {k: v.item() for k, v in again.items()}


def test_nothing_is_recorded_at_test(model) -> None:
    follow(model.eval(), video(3))
    assert data_buffers(model) == [[]] * 8


# Test, and the end of distillation


def test_student_predicts() -> None:
    model = build(distill_cfg()).eval()
    runs = outputs_of(model.teacher)
    rows = follow(model, video(4))
    assert model.student.state.frame == 3
    assert model.teacher.state is None
    assert runs == []
    assert torch.equal(rows, follow(build(distill_cfg()).student.eval(), video(4)))


def test_test_step_takes_raw_frames() -> None:
    model = build(distill_cfg()).eval()
    with torch.no_grad():
        for i, frame in enumerate(video(2)):
            data = dict(inputs=dict(img=[frame]), data_samples=[frame_sample(i, (70, 50, 90, 70))])
            result = model.test_step(data)[0].pred_track_instances
    assert torch.equal(result.bboxes, follow(model.student, video(2))[1:, :4])


def test_tensor_mode_runs_the_student(model) -> None:
    model.eval()
    inputs, _ = training_batch()
    ours, students = model(inputs, mode='tensor'), model.student(inputs, mode='tensor')
    assert torch.equal(ours.score, students.score)


def test_stopped_distillation_leaves_the_student_alone(model) -> None:
    hook, runs = StopDistillHook(stop_epoch=3), outputs_of(model.teacher)
    runner = SimpleNamespace(model=model, epoch=2, logger=logging.getLogger('test'))
    hook.before_train_epoch(runner)
    assert any('distill' in name for name in model(*training_batch(), mode='loss'))
    assert len(runs) == 1

    runner.epoch = 3
    hook.before_train_epoch(runner)
    assert model.distillation_stopped
    losses = model(*training_batch(), mode='loss')
    assert set(losses) == {
        'student.loss_cls',
        'student.loss_bbox',
        'student.loss_iou',
        'student.iou',
    }
    assert len(runs) == 1


# Wrong configs


@pytest.mark.parametrize(
    'option',
    ['teacher_trainable', 'teacher_norm_eval', 'student_trainable', 'calculate_student_loss'],
)
def test_options_without_effect_are_refused(option: str) -> None:
    with pytest.raises(TypeError, match=f"multiple values for keyword argument '{option}'"):
        build(distill_cfg(**{option: True}))


def test_crops_of_another_size_than_the_teachers_are_named() -> None:
    wide = teacher_cfg(backbone=dict(search_size=64))
    model = build(distill_cfg(teacher=wide)).train()
    with pytest.raises(ValueError, match=r'search crop has shape \(2, 3, 32, 32\), but .*64, 64'):
        model(*training_batch(), mode='loss')


def test_weights_of_a_tracker_start_the_student(tmp_path) -> None:
    model, other = build(distill_cfg()), build(distill_cfg())
    weights = {key: value + 1 for key, value in other.student.state_dict().items()}
    torch.save(dict(state_dict=weights), tmp_path / 'student.pth')
    adapters = weights_of(model.distiller)
    load_checkpoint(model, str(tmp_path / 'student.pth'), map_location='cpu')
    assert same_weights(model.student, weights)
    assert same_weights(model.distiller, adapters)
