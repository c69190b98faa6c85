from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.runner import load_checkpoint, save_checkpoint

from tests.toys import build, distill_cfg, logged, tracker_cfg


def saved(model: Any, path: Path) -> str:
    save_checkpoint(dict(state_dict=model.state_dict(), meta={}), str(path))
    return str(path)


def weights_of(model: Any) -> dict:
    return {key: value.clone() for key, value in model.state_dict().items()}


def same(model: Any, weights: dict) -> bool:
    return all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())


def test_own_checkpoint_is_loaded(tmp_path) -> None:
    other, tracker = build(tracker_cfg(), seed=1), build(tracker_cfg(), seed=2)
    load_checkpoint(tracker, saved(other, tmp_path / 'own.pth'))
    assert same(tracker, other.state_dict())
    tracker.load_state_dict(build(tracker_cfg(), seed=3).state_dict(), strict=True)
    assert not same(tracker, other.state_dict())


@pytest.mark.parametrize(
    ('other', 'expected'),
    [
        # A student (2, 1) lacks a layer, a student (2, 3) has one too many.
        (dict(joint_depth=1), r"12 are missing \['backbone.joint_stage.1.norm1.weight'"),
        (dict(joint_depth=3), r"12 are unknown \['backbone.joint_stage.2.norm1.weight'"),
        (dict(separate_depth=0, joint_depth=4), r'24 are missing .*24 are unknown'),
        # The same keys at another width.
        (
            dict(backbone=dict(embed_dims=32)),
            r'0 are missing \[\] and 57 of another shape .*template_pos_embed \(1, 4, 32\) for '
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
    assert same(tracker, before)


def test_checkpoint_of_something_else_is_refused(tmp_path) -> None:
    path = saved(torch.nn.Linear(3, 4), tmp_path / 'linear.pth')
    with pytest.raises(RuntimeError, match=r"2 are unknown \['weight', 'bias'\]"):
        load_checkpoint(build(tracker_cfg()), path)


def test_checkpoint_of_a_distillation_is_refused_by_its_student(tmp_path) -> None:
    path = saved(build(distill_cfg()), tmp_path / 'distill.pth')
    with pytest.raises(RuntimeError, match=r'take the exported \*_student\.pth'):
        load_checkpoint(build(tracker_cfg()), path)


def test_checkpoint_of_a_distillation_is_loaded_by_it(tmp_path) -> None:
    other, model = build(distill_cfg(), seed=1), build(distill_cfg(), seed=2)
    load_checkpoint(model, saved(other, tmp_path / 'distill.pth'))
    assert same(model, other.state_dict())


def test_partial_checkpoint_is_loaded_where_the_config_allows_it(tmp_path) -> None:
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


def test_missing_batch_norm_counters_are_no_other_model() -> None:
    tracker = build(tracker_cfg())
    weights = {k: v for k, v in tracker.state_dict().items() if 'num_batches' not in k}
    incompatible = tracker.load_state_dict(weights, strict=False)
    assert all('num_batches_tracked' in key for key in incompatible.missing_keys)
