from typing import Any, Dict

import numpy as np
import pytest
import torch

from mmeatrack.models import EATrackDistiller, TargetFeatureLoss, TargetMask, TargetPredictionLoss
from mmeatrack.registry import MODELS
from tests.toys import (
    DIMS,
    GRID,
    TOKENS,
    build,
    distill_cfg,
    long_form,
    outputs_of,
    tracker_cfg,
    training_batch,
)

# Recorders of the boxes behind the masks, and of their normalisers.
MASKS = dict(search_boxes='search_boxes', shared_counts='shared_counts')


def distiller(**kwargs: Any) -> dict:
    return dict(type='mmeatrack.EATrackDistiller', **kwargs)


def built(**kwargs: Any) -> EATrackDistiller:
    return MODELS.build(distiller(**kwargs))


def sources(recorders: Any) -> Dict[str, Any]:
    return {name: recorder.source for name, recorder in recorders.recorders.items()}


# The short form


def test_short_form_expands_into_mmrazors_parts() -> None:
    parts = built(
        layer_pairs=[(2, 2), (3, 3)],
        feature_weight=3.0,
        reduction='mean',
        prediction_weight=0.5,
        temperature=2.0,
        direction='teacher_student',
        support='target',
        feature_mask=dict(shape='soft'),
    )
    assert sources(parts.student_recorders) == dict(MASKS, layer_2=2, layer_3=3, head='head')
    assert sources(parts.teacher_recorders) == {'layer_2': 2, 'layer_3': 3, 'head': 'head'}
    losses = dict(parts.distill_losses.items())
    assert list(losses) == ['loss_feat_2_2', 'loss_feat_3_3', 'loss_pred']
    for name in ('loss_feat_2_2', 'loss_feat_3_3'):
        assert type(losses[name]) is TargetFeatureLoss
        assert losses[name].reduction == 'mean'
        assert losses[name].loss_weight == 1.5  # the mean over two pairs
    assert type(losses['loss_pred']) is TargetPredictionLoss
    assert losses['loss_pred'].loss_weight == 0.5
    assert losses['loss_pred'].temperature == 2.0
    assert losses['loss_pred'].direction == 'teacher_student'
    assert losses['loss_pred'].support == 'target'
    masks = {name: each.mask.shape for name, each in parts.connectors.items() if 'mask' in name}
    assert masks == {'target_mask_tokens': 'soft', 'target_mask_map': 'hard'}
    mapping = parts.loss_forward_mappings
    assert mapping['loss_feat_2_2']['target_mask']['connector'] == 'target_mask_tokens'
    assert mapping['loss_pred']['target_mask']['connector'] == 'target_mask_map'


def test_recorders_hook_the_layers_of_each_backbone() -> None:
    model = build(distill_cfg(distiller=distiller(layer_pairs=[(2, 1), (3, 3)])))
    assert sources(model.distiller.student_recorders) == {
        'layer_2': 'backbone.joint_stage.0',
        'layer_3': 'backbone.joint_stage.1',
        'head': 'head',
        'search_boxes': 'search_boxes',
        'shared_counts': 'shared_counts',
    }
    assert sources(model.distiller.teacher_recorders) == {
        'layer_1': 'backbone.joint_stage.1',
        'layer_3': 'backbone.joint_stage.3',
        'head': 'head',
    }


def test_each_branch_alone() -> None:
    feature_only = built(layer_pairs=[(2, 2)], prediction_weight=0)
    assert list(feature_only.distill_losses) == ['loss_feat_2_2']
    assert sources(feature_only.student_recorders) == dict(MASKS, layer_2=2)
    prediction_only = built(layer_pairs=[(2, 2)], feature_weight=0)
    assert list(prediction_only.distill_losses) == ['loss_pred']
    assert sources(prediction_only.student_recorders) == dict(MASKS, head='head')


def test_one_layer_may_learn_from_two_layers() -> None:
    model = build(distill_cfg(distiller=distiller(layer_pairs=[(3, 2), (3, 3)])))
    losses = model(*training_batch(), mode='loss')
    assert {'distill.loss_feat_3_2', 'distill.loss_feat_3_3'} <= set(losses)
    assert losses['distill.loss_feat_3_2'] != losses['distill.loss_feat_3_3']


def test_losses_are_the_equations_of_what_was_recorded() -> None:
    options = dict(feature_weight=2.0, feature_mask=dict(shape='soft'))
    pairs = [(2, 2), (3, 3)]
    model = build(distill_cfg(distiller=distiller(layer_pairs=pairs, **options))).train()
    student, teacher = model.student, model.teacher
    layers = [*zip(student.backbone.joint_stage, teacher.backbone.joint_stage[2:])]
    tokens = [[outputs_of(layer) for layer in pair] for pair in layers]
    maps = [outputs_of(tracker.head) for tracker in (student, teacher)]
    inputs, samples = training_batch()
    losses = model(inputs, samples, mode='loss')

    boxes = model.student.search_boxes(samples)
    soft = TargetMask('soft')(boxes, (GRID, GRID)).flatten(1).double().numpy()
    for layer, seen in zip((2, 3), tokens):
        # The search tokens come after those of two templates.
        x, y = (each[0][:, 2 * TOKENS :].detach().double().numpy() for each in seen)
        assert x.shape == (2, GRID**2, DIMS)
        squared = [np.linalg.norm(m[:, None] * (a - b)) ** 2 for a, b, m in zip(x, y, soft)]
        value = losses[f'distill.loss_feat_{layer}_{layer}'].item()
        assert value == pytest.approx(2.0 / 2 * np.mean(squared), rel=1e-5)

    hard = TargetMask('hard')(boxes, (GRID, GRID)).numpy()
    logits = [seen[0].score.detach().double().numpy() for seen in maps]
    p_s, p_t = (np.exp(a) / np.exp(a).sum(axis=(1, 2, 3), keepdims=True) for a in logits)
    divergence = (p_s * np.log(p_s / p_t))[:, 0]
    expected = np.mean([(m * d).sum() / m.sum() for m, d in zip(hard, divergence)])
    assert losses['distill.loss_pred'].item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_distillation_trains_the_student() -> None:
    """A few steps on one batch bring the student's features closer to the teacher's."""
    model = build(
        distill_cfg(
            distiller=distiller(layer_pairs=[(2, 2), (3, 3)], reduction='mean', feature_weight=10)
        )
    ).train()
    optimizer = torch.optim.Adam(model.student.parameters(), 3e-3)
    batch, values = training_batch(), []
    for _ in range(12):
        losses = model(*batch, mode='loss')
        values.append(sum(v.item() for k, v in losses.items() if 'feat' in k))
        optimizer.zero_grad()
        sum(v for k, v in losses.items() if 'distill' in k).backward()
        optimizer.step()
    assert values[-1] < 0.7 * values[0]


# mmrazor's long form

MAP = dict(type='mmeatrack.SearchTokens', layout='map')


def feature_form(**kwargs: Any) -> dict:
    search = dict(type='mmeatrack.SearchTokens')
    return long_form(dict(type='mmeatrack.TargetFeatureLoss'), connectors=(search,) * 2, **kwargs)


def test_long_form_gives_the_loss_of_the_short_form() -> None:
    cfg = distiller(layer_pairs=[(3, 3)], prediction_weight=0)
    output = dict(type='mmrazor.ModuleOutputs', source='backbone.joint_stage.1')
    records = dict(
        student_recorders=dict(layer=output),
        teacher_recorders=dict(layer=dict(output, source='backbone.joint_stage.3')),
    )
    short, long = (build(distill_cfg(distiller=each)) for each in (cfg, feature_form(**records)))
    assert list(long.distiller.distill_losses) == ['loss_own']
    ours = short(*training_batch(), mode='loss')['distill.loss_feat_3_3']
    theirs = long(*training_batch(), mode='loss')['distill.loss_own']
    assert ours.item() == theirs.item() > 0


def test_short_and_long_form_together() -> None:
    cfg = feature_form(layer_pairs=[(2, 2)], prediction_weight=1.0)
    losses = build(distill_cfg(distiller=cfg))(*training_batch(), mode='loss')
    names = {name for name in losses if name.startswith('distill.')}
    assert names == {'distill.loss_feat_2_2', 'distill.loss_pred', 'distill.loss_own'}


def pearson_numpy(x: np.ndarray, y: np.ndarray) -> float:
    """PKD: 1 - Pearson's correlation of each channel over batch and places, without its bias."""
    a, b = (array.reshape(-1, DIMS).T for array in (x, y))  # (C, B * Nx)
    correlation = [np.corrcoef(i, j)[0, 1] for i, j in zip(a, b)]
    return (1 - np.mean(correlation)) * (a.shape[1] - 1) / a.shape[1]


def channel_divergence_numpy(x: np.ndarray, y: np.ndarray) -> float:
    """CWD: KL(teacher || student) of each channel's softmax over the places."""
    p_s, p_t = (np.exp(array) / np.exp(array).sum(axis=1, keepdims=True) for array in (x, y))
    return (p_t * np.log(p_t / p_s)).sum(axis=1).mean()


@pytest.mark.parametrize(
    ('name', 'formula'),
    [('PKDLoss', pearson_numpy), ('ChannelWiseDivergence', channel_divergence_numpy)],
)
def test_losses_of_mmrazor_on_the_map(name: str, formula) -> None:
    loss = dict(type=f'mmrazor.{name}', loss_weight=2.0)
    cfg = long_form(loss, ('preds_S', 'preds_T'), (MAP, MAP))
    model = build(distill_cfg(distiller=cfg)).train()
    trackers = (model.student, model.teacher)
    seen = [outputs_of(tracker.backbone.joint_stage[-1]) for tracker in trackers]
    loss = model(*training_batch(), mode='loss')['distill.loss_own']
    tokens = (each[0][:, 2 * TOKENS :].detach() for each in seen)
    expected = 2.0 * formula(*(value.double().numpy() for value in tokens))
    assert loss.item() == pytest.approx(expected, rel=1e-4)
    loss.backward()
    assert model.student.backbone.joint_stage[1].mlp.fc2.weight.grad.abs().max() > 0


def test_adapter_for_a_teacher_of_another_width() -> None:
    """A connector with weights trains, but is not part of the student."""
    teacher = tracker_cfg(0, 4, backbone=dict(embed_dims=32))
    form = feature_form()
    with pytest.raises(ValueError, match=r'\(2, 16, 16\) and teacher \(2, 16, 32\) differ'):
        build(distill_cfg(teacher=teacher, distiller=form))(*training_batch(), mode='loss')

    widen = dict(type='mmrazor.ConvModuleConnector', in_channel=DIMS, out_channel=32, norm_cfg=None)
    loss = dict(type='mmrazor.L2Loss', normalize=False)
    form = long_form(loss, ('s_feature', 't_feature'), ([MAP, widen], MAP))
    model = build(distill_cfg(teacher=teacher, distiller=form)).train()
    model(*training_batch(), mode='loss')['distill.loss_own'].backward()
    adapter = [name for name, _ in model.named_parameters() if 'distiller' in name]
    assert adapter
    assert all(model.get_parameter(name).grad is not None for name in adapter)
    assert not any('distiller' in name for name in model.student.state_dict())


# Wrong configs


@pytest.mark.parametrize(
    'pairs', ['best', [6, 10], (2, 2), [(2,)], [(2, 2, 2)], [(2, 'a')], [(2, 2.0)], [(2, 2), None]]
)
def test_malformed_pairs_are_refused(pairs) -> None:
    with pytest.raises(ValueError, match=r'a list of pairs .*e\.g\. \[\(6, 10\), \(7, 11\)'):
        built(layer_pairs=pairs)


def test_pair_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r'has a pair twice: give each pair once'):
        built(layer_pairs=[(2, 2), [2, 2], (3, 3)])


@pytest.mark.parametrize(
    ('pair', 'expected'),
    [
        ((2, 15), r'there is no layer 15: .* layers 0 to 3 \(0 separate, 4 joint\)'),
        ((15, 2), r'there is no layer 15: .* layers 0 to 3 \(2 separate, 2 joint\)'),
        ((-1, 2), r'there is no layer -1'),
        ((1, 2), r"layer 1 \('separate_stage.1'\) .* is not a joint layer.*pair one of \[2, 3\]"),
    ],
)
def test_pairs_of_other_layers_are_refused_when_built(pair, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        build(distill_cfg(distiller=distiller(layer_pairs=[pair])))


@pytest.mark.parametrize('side', ['student', 'teacher'])
def test_unknown_module_is_refused_with_similar_names(side: str) -> None:
    recorders = dict(layer=dict(type='mmrazor.ModuleOutputs', source='backbone.joint_stag.1'))
    cfg = feature_form(**{f'{side}_recorders': recorders})
    with pytest.raises(ValueError, match=f"{side}_recorders.'layer'. records") as error:
        build(distill_cfg(distiller=cfg))
    assert f"'backbone.joint_stag.1', which the {side} (EATrack) does not have" in str(error.value)
    assert "'backbone.joint_stage.1'" in str(error.value)


def test_missing_argument_is_refused() -> None:
    mapping = dict(loss_own=dict(student=dict(recorder='layer', from_student=True)))
    with pytest.raises(ValueError, match=r"\['loss_own'\] .* TargetFeatureLoss.*'teacher'\. Map"):
        MODELS.build(feature_form(loss_forward_mappings=mapping))


@pytest.mark.parametrize('mappings', [None, {}])
def test_loss_without_mapping_is_refused(mappings) -> None:
    with pytest.raises(ValueError, match=r"loss_forward_mappings\['loss_own'\] .*'student'\. Map"):
        MODELS.build(feature_form(loss_forward_mappings=mappings))


@pytest.mark.parametrize(
    'arguments',
    [
        dict(prediction_weight=0),
        dict(layer_pairs=[], prediction_weight=0),
        dict(layer_pairs=[(2, 2)], feature_weight=0, prediction_weight=0),
    ],
)
def test_nothing_distilled_is_refused(arguments: dict) -> None:
    with pytest.raises(ValueError, match='nothing is distilled: give layer_pairs'):
        built(**arguments)


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (dict(feature_weight=-1.0), r'feature_weight=-1.0 must be at least 0'),
        (dict(prediction_weight=float('nan')), r'prediction_weight=nan must be at least 0'),
        (dict(temperature=0), r'temperature=0 must be above 0'),
        (dict(layer_pairs='auto', tokens='template'), r"tokens='template' is unknown"),
        (dict(feature_mask=dict(shape='round')), r"shape='round' is unknown; it is one of"),
    ],
)
def test_bad_values_are_refused_when_built(arguments: dict, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        built(**dict(dict(layer_pairs=[(2, 2)]), **arguments))
