"""Teachers of another width or depth, template tokens, and pairs that are found."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.runner.checkpoint import load_state_dict

from mmeatrack.models import TargetMask
from mmeatrack.registry import MODELS
from tests.toys import (
    DIMS,
    GRID,
    TOKENS,
    build,
    data_buffers,
    distill_cfg,
    outputs_of,
    tracker_cfg,
    training_batch,
)

ROOT = Path(__file__).parents[3]
WIDTH = 24


def model_with(layer_pairs: Any, width: int = WIDTH, depth: int = 4, **options: Any) -> Any:
    """Student (2, 2) of 16 channels and a teacher of ``depth`` joint layers of ``width``."""
    distiller = dict(type='mmeatrack.EATrackDistiller', layer_pairs=layer_pairs, **options)
    teacher = tracker_cfg(0, depth, backbone=dict(embed_dims=width))
    return build(distill_cfg(teacher=teacher, distiller=distiller)).train()


def shapes(model: Any) -> dict:
    return {name: tuple(p.shape) for name, p in model.distiller.named_parameters()}


def test_one_adapter_for_each_pair() -> None:
    assert shapes(model_with([(2, 2), (3, 3)])) == {
        'connectors.adapter_2_2.linear.func.weight': (WIDTH, DIMS),
        'connectors.adapter_2_2.linear.func.bias': (WIDTH,),
        'connectors.adapter_3_3.linear.func.weight': (WIDTH, DIMS),
        'connectors.adapter_3_3.linear.func.bias': (WIDTH,),
    }


def test_no_adapter_for_a_teacher_of_the_same_width() -> None:
    assert shapes(model_with([(2, 2), (3, 3)], width=DIMS)) == {}
    assert shapes(model_with([(2, 4), (3, 5)], width=DIMS, depth=6)) == {}


def test_no_adapter_without_feature_loss() -> None:
    assert shapes(model_with([(2, 2)], feature_weight=0)) == {}


def test_auto_has_an_adapter_for_each_joint_layer_of_the_student() -> None:
    assert [name for name in shapes(model_with('auto')) if 'weight' in name] == [
        'connectors.adapter_2.linear.func.weight',
        'connectors.adapter_3.linear.func.weight',
    ]


def test_loss_compares_the_adapted_tokens() -> None:
    model = model_with([(3, 5)], depth=6)
    student = outputs_of(model.student.backbone.joint_stage[1])
    teacher = outputs_of(model.teacher.backbone.joint_stage[5])
    inputs, samples = training_batch()
    loss = model(inputs, samples, mode='loss')['distill.loss_feat_3_5'].item()
    x, y = (seen[0].detach()[:, 2 * TOKENS :].double().numpy() for seen in (student, teacher))
    adapter = model.distiller.connectors['adapter_3_5'].linear.func
    weight, bias = (value.detach().double().numpy() for value in (adapter.weight, adapter.bias))
    mask = TargetMask('hard')(model.student.search_boxes(samples), (GRID, GRID)).flatten(1)
    difference = (x @ weight.T + bias - y) * mask.double().numpy()[..., None]
    assert loss == pytest.approx((difference**2).sum() / 2, rel=1e-5)


def test_adapters_train_and_stay_out_of_the_student() -> None:
    model = model_with([(2, 2), (3, 3)])
    wrapper = build_optim_wrapper(model, dict(optimizer=dict(type='SGD', lr=0.1)))
    held = {id(p) for group in wrapper.param_groups for p in group['params']}
    assert held >= {id(p) for p in model.distiller.parameters()}
    before = {name: p.clone() for name, p in model.distiller.named_parameters()}
    losses = model(*training_batch(), mode='loss')
    wrapper.update_params(sum(value for name, value in losses.items() if 'loss' in name))
    assert not any(torch.equal(p, before[n]) for n, p in model.distiller.named_parameters())
    alone = build(tracker_cfg())
    assert set(model.student.state_dict()) == set(alone.state_dict())


@pytest.mark.parametrize('pairs', [[(2, 2), (3, 3)], 'auto'])
@pytest.mark.parametrize('tokens', ['search', 'all'])
@pytest.mark.parametrize('load', ['torch', 'mmengine'])
def test_adapters_of_an_old_checkpoint_are_loaded(pairs: Any, tokens: str, load: str) -> None:
    model = model_with(pairs, tokens=tokens)
    old = {}
    for key, value in model.state_dict().items():
        key = key.replace('connectors.adapter_', 'adapters.').replace('.linear.func', '')
        old[key] = value + 1 if 'adapters' in key else value
    names = ['2_2', '3_3'] if pairs != 'auto' else ['2', '3']
    kinds = ('weight', 'bias')
    assert [key for key in old if 'distiller' in key and 'found' not in key] == [
        f'distiller.adapters.{name}.{kind}' for name in names for kind in kinds
    ]
    before = {key: value.clone() for key, value in model.distiller.named_parameters()}
    if load == 'torch':
        model.load_state_dict(old, strict=True)
    else:
        load_state_dict(model, old, strict=True)
    after = dict(model.distiller.named_parameters())
    assert all(torch.equal(after[key], before[key] + 1) for key in before)


@pytest.mark.slow
def test_teachers_config_of_vit_base() -> None:
    config = Config.fromfile(str(ROOT / 'configs/_base_/models/eatrack_teacher_vit-base.py'))
    backbone = MODELS.build(config.model).backbone
    assert (backbone.embed_dims, len(backbone.joint_stage)) == (768, 12)
    assert backbone.joint_stage[0].attn.num_heads == 12
    # ViT-B: 12 layers of 7,087,872 weights, patch embedding, positions of 64 + 256, last norm.
    count = sum(p.numel() for p in backbone.parameters())
    assert count == 12 * 7_087_872 + 590_592 + 320 * 768 + 2 * 768


# Template tokens


def test_template_tokens_have_weight_one() -> None:
    both = model_with([(3, 3)], width=DIMS, tokens='all')
    student = outputs_of(both.student.backbone.joint_stage[1])
    teacher = outputs_of(both.teacher.backbone.joint_stage[3])
    inputs, samples = training_batch()
    loss = both(inputs, samples, mode='loss')['distill.loss_feat_3_3'].item()
    x, y = (seen[0].detach().double().numpy() for seen in (student, teacher))
    assert x.shape == (2, 2 * TOKENS + GRID**2, DIMS)
    mask = TargetMask('hard')(both.student.search_boxes(samples), (GRID, GRID)).flatten(1).numpy()
    weights = np.concatenate((np.ones((2, 2 * TOKENS)), mask), axis=1)
    expected = ((weights[..., None] * (x - y)) ** 2).sum() / 2
    assert loss == pytest.approx(expected, rel=1e-5)
    only_search = model_with([(3, 3)], width=DIMS)(inputs, samples, mode='loss')
    assert only_search['distill.loss_feat_3_3'].item() < 0.9 * loss


def test_template_tokens_through_an_adapter() -> None:
    losses = model_with([(3, 3)], tokens='all', reduction='mean')(*training_batch(), mode='loss')
    assert torch.isfinite(losses['distill.loss_feat_3_3'])


# Pairs that are found


def test_pairs_can_be_set_once() -> None:
    model = model_with('auto')
    distiller = model.distiller
    assert distiller.lacks_pairs
    assert distiller.found_pairs.tolist() == [[-1, -1], [-1, -1]]
    with pytest.raises(RuntimeError, match=r"'auto' has no pairs yet: add .*AutoPairHook"):
        model(*training_batch(), mode='loss')
    distiller.set_layer_pairs([(2, 1), (3, 3)], model.student, model.teacher)
    assert not distiller.lacks_pairs
    assert distiller.found_pairs.tolist() == [[2, 1], [3, 3]]
    with pytest.raises(RuntimeError, match=r'set already: \[\(2, 1\), \(3, 3\)\]'):
        distiller.set_layer_pairs([(2, 1), (3, 3)], model.student, model.teacher)


@pytest.mark.parametrize('width', [DIMS, WIDTH])
def test_found_pairs_give_the_losses_of_given_ones(width: int) -> None:
    found, given = model_with('auto', width), model_with([(2, 1), (3, 3)], width)
    found.distiller.set_layer_pairs([(2, 1), (3, 3)], found.student, found.teacher)
    for name, twin in (('adapter_2', 'adapter_2_1'), ('adapter_3', 'adapter_3_3')):
        if width != DIMS:
            adapter = found.distiller.connectors[name]
            given.distiller.connectors[twin].load_state_dict(adapter.state_dict())
    theirs = given(*training_batch(), mode='loss')
    ours = found(*training_batch(), mode='loss')
    assert {k: v.item() for k, v in ours.items()} == {k: v.item() for k, v in theirs.items()}
    assert not any(data_buffers(found))


def test_incomplete_pairs_are_refused() -> None:
    model = model_with('auto')
    with pytest.raises(ValueError, match=r'one pair for each joint layer of the student, \[2, 3\]'):
        model.distiller.set_layer_pairs([(3, 3)], model.student, model.teacher)
