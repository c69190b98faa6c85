import copy

import torch
from mmengine.optim import build_optim_wrapper

from tests.toys import build, tracker_cfg, training_batch

BACKBONE = dict(custom_keys=dict(backbone=dict(lr_mult=0.1)))


def wrapper(model, constructor: str, paramwise=BACKBONE):
    return build_optim_wrapper(
        model,
        dict(
            type='OptimWrapper',
            constructor=constructor,
            optimizer=dict(type='AdamW', lr=1e-2, weight_decay=0.1),
            paramwise_cfg=copy.deepcopy(paramwise),
        ),
    )


def settings(optimizer):
    """Learning rate and weight decay of each group, sorted."""
    pairs = ((group['lr'], group['weight_decay']) for group in optimizer.param_groups)
    return sorted((round(lr, 9), decay) for lr, decay in pairs)


def trained(constructor: str):
    model = build(tracker_cfg()).train()
    optim = wrapper(model, constructor)
    inputs, samples = training_batch()
    for _ in range(3):
        losses = model(inputs, samples, mode='loss')
        optim.update_params(sum(value for name, value in losses.items() if 'loss' in name))
    return model.state_dict(), optim.optimizer


def test_weights_are_bit_equal_with_few_groups() -> None:
    ours, few = trained('mmeatrack.GroupedOptimWrapperConstructor')
    theirs, many = trained('DefaultOptimWrapperConstructor')
    assert len(many.param_groups) == sum(len(group['params']) for group in few.param_groups)
    assert settings(few) == [(1e-3, 0.1), (1e-2, 0.1)]
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_biases_norms_and_positions_do_not_decay() -> None:
    model = build(tracker_cfg())
    paramwise = dict(BACKBONE, plain_decay=False)
    optim = wrapper(model, 'mmeatrack.GroupedOptimWrapperConstructor', paramwise).optimizer
    assert settings(optim) == [(1e-3, 0.0), (1e-3, 0.1), (1e-2, 0.0), (1e-2, 0.1)]
    decay = {id(p): g['weight_decay'] for g in optim.param_groups for p in g['params']}
    named = {name: decay[id(p)] for name, p in model.named_parameters()}
    assert named['backbone.search_pos_embed'] == named['backbone.norm.weight'] == 0.0
    assert named['backbone.joint_stage.0.attn.qkv.bias'] == 0.0
    assert named['head.score_branch.0.1.weight'] == 0.0
    assert named['backbone.joint_stage.0.attn.qkv.weight'] == 0.1
    assert named['head.score_branch.0.0.weight'] == 0.1


def test_every_parameter_is_in_one_group() -> None:
    model = build(tracker_cfg())
    groups = wrapper(model, 'mmeatrack.GroupedOptimWrapperConstructor').optimizer.param_groups
    grouped = [id(p) for group in groups for p in group['params']]
    assert sorted(grouped) == sorted(id(p) for p in model.parameters())


def test_without_paramwise_settings() -> None:
    model = build(tracker_cfg())
    optim = wrapper(model, 'mmeatrack.GroupedOptimWrapperConstructor', paramwise=None)
    assert len(optim.optimizer.param_groups) == 1
