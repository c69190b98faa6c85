from typing import Any, List

import numpy as np
import pytest
import torch
from mmengine.optim import OptimWrapper

from mmeatrack.models import TargetMask
from tests.toys import (
    GRID,
    build,
    data_buffers,
    distill_cfg,
    follow,
    same_weights,
    saved,
    search_sample,
    teacher_cfg,
    tracker_cfg,
    training_batch,
    video,
    weights_of,
)

pytestmark = pytest.mark.slow

DISTILLER = dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(3, 3)])


def multi_cfg(teachers: List[dict], **kwargs: Any) -> dict:
    return dict(
        dict(
            type='mmeatrack.MultiTeacherDistill',
            architecture=tracker_cfg(),
            teachers=teachers,
            distiller=DISTILLER,
            allow_random_teacher=True,
        ),
        **kwargs,
    )


def three_teachers(weights: tuple = (1.0, 1.0, 1.0)) -> List[dict]:
    """Teachers of random weights; the second is deeper, the third wider."""
    configs = [teacher_cfg(), tracker_cfg(0, 6), teacher_cfg(backbone=dict(embed_dims=24))]
    teachers = [
        dict(config=build(config, seed=10 + index), weight=weight)
        for index, (config, weight) in enumerate(zip(configs, weights))
    ]
    teachers[1]['distiller'] = dict(layer_pairs=[(2, 4), (3, 5)])
    return teachers


def test_losses_are_weighted_by_teacher() -> None:
    model = build(multi_cfg(three_teachers((1.0, 2.0, 5.0)))).train()
    losses = model(*training_batch(), mode='loss')
    assert {name for name in losses if name.startswith('distill')} == {
        'distill.teacher_0.loss_feat_3_3',
        'distill.teacher_0.loss_pred',
        'distill.teacher_1.loss_feat_2_4',
        'distill.teacher_1.loss_feat_3_5',
        'distill.teacher_1.loss_pred',
        'distill.teacher_2.loss_feat_3_3',
        'distill.teacher_2.loss_pred',
    }
    pairs = [[(3, 3)], [(2, 4), (3, 5)]]
    for index, share in enumerate((1 / 8, 2 / 8)):
        teacher = three_teachers()[index]['config']
        one = distill_cfg(teacher=teacher, distiller=dict(DISTILLER, layer_pairs=pairs[index]))
        alone = build(one).train()
        alone.student.load_state_dict(model.student.state_dict())
        for name, value in alone(*training_batch(), mode='loss').items():
            if name.startswith('distill.'):
                ours = losses[name.replace('distill.', f'distill.teacher_{index}.')].item()
                assert ours == pytest.approx(share * value.item(), rel=1e-5)


def test_one_teacher_gives_the_losses_of_eatrack_distill() -> None:
    teacher = build(teacher_cfg(), seed=10)
    multi = build(multi_cfg([dict(config=teacher, weight=0.3)])).train()
    one = build(distill_cfg(teacher=teacher, distiller=DISTILLER)).train()
    ours = multi(*training_batch(), mode='loss')
    theirs = one(*training_batch(), mode='loss')
    assert [value.item() for value in ours.values()] == [value.item() for value in theirs.values()]


def test_weights_by_confidence_inside_the_target() -> None:
    model = build(multi_cfg(three_teachers((1.0, 2.0, 1.0)), weighting='confidence')).train()
    with torch.no_grad():
        for teacher, bias in zip(model.teachers, (-2.0, 0.0, 1.0)):
            list(teacher.head.score_branch.modules())[-1].bias.fill_(bias)
    inputs, samples = training_batch()
    mask = TargetMask('hard')(model.student.search_boxes(samples), (GRID, GRID)).numpy()[:, None]
    expected = []
    with torch.no_grad():
        for teacher, weight in zip(model.teachers, (1.0, 2.0, 1.0)):
            score = 1 / (1 + np.exp(-teacher(inputs, mode='tensor').score.double().numpy()))
            expected.append(weight * (mask * score).max(axis=(1, 2, 3)).mean())
    shares = np.array(expected) / np.sum(expected)
    assert np.ptp(shares) > 0.1
    losses = model(inputs, samples, mode='loss')
    model.weighting, model.weights = 'fixed', shares.tolist()
    again = model(inputs, samples, mode='loss')
    for name, value in losses.items():
        assert value.item() == pytest.approx(again[name].item(), rel=1e-4), name


def test_no_target_gives_equal_weights_and_no_nan() -> None:
    model = build(multi_cfg(three_teachers(), weighting='confidence')).train()
    inputs, _ = training_batch(batch_size=1)
    losses = model(inputs, [search_sample((5, 5, 5, 5))], mode='loss')
    assert all(value.item() == 0 for name, value in losses.items() if 'distill' in name)


def test_only_student_and_adapters_train() -> None:
    model = build(multi_cfg(three_teachers())).train()
    assert not any(m.training for teacher in model.teachers for m in teacher.modules())
    before = [weights_of(teacher) for teacher in model.teachers]
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1))
    losses = model(*training_batch(), mode='loss')
    total = sum(value for name, value in losses.items() if 'loss' in name)
    total.backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
    wrapper.step()
    assert all(map(same_weights, model.teachers, before))
    trained = {n.split('.')[0] for n, p in model.named_parameters() if p.requires_grad}
    assert trained == {'architecture', 'other_distillers'}
    assert set(model.student.state_dict()) == set(build(tracker_cfg()).state_dict())


def test_confidence_is_averaged_over_processes(monkeypatch) -> None:
    """Each process has half of the batch; both use the mean of their confidences."""
    teachers = [dict(config=build(teacher_cfg(), seed=10 + index)) for index in range(2)]
    model = build(multi_cfg(teachers, weighting='confidence')).train()
    found: List[torch.Tensor] = []
    module = 'mmeatrack.models.distillers.multi_teacher_distill.reduce_mean'
    monkeypatch.setattr(module, lambda own: found.append(own.clone()) or own)
    inputs, samples = training_batch(batch_size=4)
    model(inputs, samples, mode='loss')
    for half in (slice(0, 2), slice(2, 4)):
        model({key: value[half] for key, value in inputs.items()}, samples[half], mode='loss')
    whole, first, second = found
    assert not torch.equal(first, second)
    torch.testing.assert_close((first + second) / 2, whole)
    monkeypatch.setattr(module, lambda own: torch.tensor([0.3, 0.1]))
    model.distiller.student_recorders.recorders['search_boxes'].data_buffer.append(
        torch.tensor([[0.5, 0.5, 0.5, 0.5]])
    )
    weights = model._batch_weights([torch.zeros(1, 1, GRID, GRID)] * 2)
    torch.testing.assert_close(weights, torch.tensor([0.75, 0.25]))


def test_records_are_released() -> None:
    model = build(multi_cfg(three_teachers())).train()
    model(*training_batch(), mode='loss')
    assert data_buffers(model) == [[]] * 20


def test_student_predicts_alone() -> None:
    model = build(multi_cfg(three_teachers())).eval()
    assert torch.equal(follow(model, video(3)), follow(model.student, video(3)))
    assert all(teacher.state is None for teacher in model.teachers)


def test_checkpoints_are_loaded(tmp_path) -> None:
    trained = [build(teacher_cfg(), seed=seed) for seed in (1, 2)]
    teachers = [
        dict(config=teacher_cfg(), ckpt=saved(teacher, tmp_path / f'{index}.pth'))
        for index, teacher in enumerate(trained)
    ]
    model = build(multi_cfg(teachers, allow_random_teacher=False))
    assert all(map(same_weights, model.teachers, trained))


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (dict(teachers=[]), 'teachers is empty'),
        (dict(weighting='best'), r"weighting='best' is unknown; .*\['fixed', 'confidence'\]"),
        (dict(teachers=[dict(config={}, weight=0)]), r'teachers\[0\]: weight=0 must be above 0'),
        (dict(allow_random_teacher=False), 'with several teachers, the ckpt of each'),
        (dict(distiller=dict(DISTILLER, layer_pairs='auto')), "layer_pairs='auto' works with one"),
    ],
)
def test_bad_configs_are_refused(arguments: dict, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        build(multi_cfg(**dict(dict(teachers=[dict(config=teacher_cfg())]), **arguments)))


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (dict(teachers=[dict(ckpt='a.pth')]), "missing 1 required positional argument: 'config'"),
        (dict(teachers=[dict(config={}, wait=1)]), "unexpected keyword argument 'wait'"),
        (dict(teacher_ckpt='a.pth'), "multiple values for keyword argument 'teacher_ckpt'"),
    ],
)
def test_bad_keys_are_refused(arguments: dict, expected: str) -> None:
    with pytest.raises(TypeError, match=expected):
        build(multi_cfg(**dict(dict(teachers=[dict(config=teacher_cfg())]), **arguments)))
