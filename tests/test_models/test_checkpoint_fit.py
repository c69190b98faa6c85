import logging
import re
from pathlib import Path
from unittest import mock

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.runner import load_checkpoint

from mmeatrack.conversion.state_dicts import find_weights
from tests.toy_classifier import timm_weights
from tests.toys import (
    backbone_cfg,
    build,
    distill_cfg,
    logged,
    same_weights,
    saved,
    teacher_cfg,
    tracker_cfg,
    weights_of,
)


def test_own_checkpoint_is_loaded(tmp_path) -> None:
    other, tracker = build(tracker_cfg(), seed=1), build(tracker_cfg(), seed=2)
    load_checkpoint(tracker, saved(other, tmp_path / 'own.pth'))
    assert same_weights(tracker, other.state_dict())
    tracker.load_state_dict(build(tracker_cfg(), seed=3).state_dict(), strict=True)
    assert not same_weights(tracker, other.state_dict())


@pytest.mark.parametrize(
    ('other', 'expected'),
    [
        # A student (2, 1) lacks a layer, a student (2, 3) has one too many.
        (dict(joint_depth=1), r"132 of 144 .*, 12 missing \['backbone.joint_stage.1.norm1.weight'"),
        (dict(joint_depth=3), r"144 of 144 .*, 12 unknown \['backbone.joint_stage.2.norm1.weight'"),
        (dict(separate_depth=0, joint_depth=4), r'24 missing .*24 unknown'),
        # The same keys at another width.
        (
            dict(backbone=dict(embed_dims=32)),
            r'0 missing \[\], 57 of another shape .*template_pos_embed \(1, 4, 32\) for '
            r'\(1, 4, 16\)',
        ),
    ],
)
def test_checkpoint_of_another_tracker_is_refused(tmp_path, other: dict, expected: str) -> None:
    path = saved(build(tracker_cfg(**other)), tmp_path / 'other.pth')
    tracker = build(tracker_cfg())
    before = weights_of(tracker)
    with pytest.raises(RuntimeError, match=expected) as error:
        load_checkpoint(tracker, path)
    message = str(error.value)
    assert 'of another model' in message
    assert 'Nothing was loaded' in message
    assert 'allow_partial_checkpoint=True' in message
    assert same_weights(tracker, before)


def test_checkpoint_without_tracker_weights_is_refused(tmp_path) -> None:
    path = saved(torch.nn.Linear(3, 4), tmp_path / 'linear.pth')
    with pytest.raises(RuntimeError, match=r"2 unknown \['weight', 'bias'\]"):
        load_checkpoint(build(tracker_cfg()), path)


def test_checkpoint_of_a_distillation_is_refused_by_its_student(tmp_path) -> None:
    path = saved(build(distill_cfg()), tmp_path / 'distill.pth')
    with pytest.raises(RuntimeError, match=r'take the exported \*_student\.pth'):
        load_checkpoint(build(tracker_cfg()), path)


def test_checkpoint_of_a_distillation_resumes_it(tmp_path) -> None:
    other, model = build(distill_cfg(), seed=1), build(distill_cfg(), seed=2)
    load_checkpoint(model, saved(other, tmp_path / 'distill.pth'))
    assert same_weights(model, other.state_dict())


def test_partial_checkpoint_is_loaded_if_allowed(tmp_path) -> None:
    other = build(tracker_cfg(joint_depth=1), seed=1)
    tracker = build(tracker_cfg(allow_partial_checkpoint=True), seed=2)
    before = weights_of(tracker)
    with logged() as messages:
        load_checkpoint(tracker, saved(other, tmp_path / 'part.pth'), logger='current')
    assert 'missing keys in source state_dict: backbone.joint_stage.1' in messages[-1]
    norm = 'backbone.norm.weight'
    assert torch.equal(tracker.state_dict()[norm], other.state_dict()[norm])
    key = 'backbone.joint_stage.1.mlp.fc1.weight'
    assert torch.equal(tracker.state_dict()[key], before[key])


def test_missing_batch_norm_counters_are_accepted() -> None:
    tracker = build(tracker_cfg())
    weights = {k: v for k, v in tracker.state_dict().items() if 'num_batches' not in k}
    incompatible = tracker.load_state_dict(weights, strict=False)
    assert all('num_batches_tracked' in key for key in incompatible.missing_keys)


# Wrappers and containers of checkpoints: one rule for tracker, teacher and pretrained backbone


def prefixed(weights: dict, prefix: str = 'module.') -> dict:
    return {f'{prefix}{key}': value for key, value in weights.items()}


def as_average(weights: dict) -> dict:
    """MMEngine's EMA adds a counter to the prefixed weights, torch's AveragedModel another."""
    return dict(prefixed(weights), steps=torch.tensor(7), n_averaged=torch.tensor(7))


LAYOUTS = {
    'state_dict': lambda w: dict(state_dict=w, meta={}),
    'bare': lambda w: w,
    'ddp': lambda w: dict(state_dict=prefixed(w)),
    'average of ddp': lambda w: dict(state_dict=as_average(prefixed(w))),
    'average alone': lambda w: dict(ema_state_dict=as_average(w), epoch=3),
    'compiled': lambda w: dict(model=prefixed(w, '_orig_mod.'), epoch=3),
    'compiled ddp': lambda w: dict(net=prefixed(w, 'module._orig_mod.')),
    'nested': lambda w: dict(model=dict(state_dict=prefixed(w), epoch=3)),
    # The model's own weights come before their average.
    'both': lambda w: dict(ema_state_dict={k: 0 * v for k, v in w.items()}, state_dict=prefixed(w)),
}


@pytest.fixture(params=list(LAYOUTS))
def layout(request):
    return LAYOUTS[request.param]


def write(content: dict, path: Path) -> str:
    torch.save(content, path)
    return str(path)


def test_tracker_takes_every_layout(tmp_path, layout) -> None:
    other, tracker = build(tracker_cfg(), seed=1), build(tracker_cfg(), seed=2)
    load_checkpoint(tracker, write(layout(other.state_dict()), tmp_path / 'a.pth'))
    assert same_weights(tracker, other.state_dict())


def test_teacher_takes_every_layout(tmp_path, layout) -> None:
    trained = build(teacher_cfg(), seed=1)
    path = write(layout(trained.state_dict()), tmp_path / 'a.pth')
    model = build(distill_cfg(allow_random_teacher=False, teacher_ckpt=path), seed=2)
    assert same_weights(model.teacher, trained.state_dict())


def test_pretrained_backbone_takes_every_layout(tmp_path, layout) -> None:
    weights = timm_weights(depth=4, side=4)
    path = write(layout(weights), tmp_path / 'a.pth')
    backbone = build(backbone_cfg(2, 2, pretrained=path), seed=2)
    assert torch.equal(backbone.norm.weight, weights['norm.weight'])
    last = backbone.joint_stage[1].mlp.fc2.weight
    assert torch.equal(last, weights['blocks.3.mlp.fc2.weight'])


def test_load_state_dict_of_torch_accepts_the_prefix() -> None:
    other, tracker = build(tracker_cfg(), seed=1), build(tracker_cfg(), seed=2)
    tracker.load_state_dict(prefixed(other.state_dict()))
    assert same_weights(tracker, other.state_dict())


@pytest.mark.parametrize('content', [dict(epoch=3), dict(model=dict(epoch=3)), [1, 2], 'text'])
def test_checkpoint_without_weights_is_refused(content) -> None:
    with pytest.raises(RuntimeError, match=r'teacher\.pth holds .* and no named tensors'):
        find_weights(content, 'teacher.pth')


def test_all_three_refuse_with_the_same_message(tmp_path) -> None:
    path = write(build(tracker_cfg(0, 1)).state_dict(), tmp_path / 'other.pth')
    shallow = write(timm_weights(depth=1, side=4), tmp_path / 'shallow.pth')
    attempts = {
        'the checkpoint': lambda: load_checkpoint(build(tracker_cfg()), path),
        f'teacher {path}': lambda: build(distill_cfg(teacher_ckpt=path)),
        shallow: lambda: build(backbone_cfg(2, 2, pretrained=shallow)),
    }
    for source, attempt in attempts.items():
        with pytest.raises(RuntimeError) as error:
            attempt()
        assert re.match(
            re.escape(source) + r' is of another model than the configured \w+: \d+ of \d+ tensors '
            r'matched, \d+ missing \[.*\], 0 of another shape \[\], \d+ unknown \[.*\]\. Nothing '
            'was loaded. ',
            str(error.value),
        )


def test_a_deeper_teachers_checkpoint_is_a_warning(tmp_path) -> None:
    """It fits a shallower teacher, which is then not the one that was trained."""
    path = write(build(tracker_cfg(0, 5)).state_dict(), tmp_path / 'deeper.pth')
    logger = MMLogger.get_current_instance()
    with mock.patch.object(logger, 'log') as log:
        build(distill_cfg(teacher_ckpt=path))
    levels = {args[1]: args[0] for args, _ in log.call_args_list}
    (message,) = [text for text in levels if text.startswith(f'teacher {path}')]
    assert message.endswith(
        "12 unknown ['backbone.joint_stage.4.norm1.weight', 'backbone.joint_stage.4.norm1.bias', "
        "'backbone.joint_stage.4.attn.qkv.weight']"
    )
    assert levels[message] == logging.WARNING
