"""Weights of OSTrack: names, derived config, equal maps, refusals."""

import pytest
import torch

from mmeatrack.conversion import from_ostrack, is_ostrack, to_ostrack
from mmeatrack.models.heads.center_head import sigmoid_clamped
from mmeatrack.registry import MODELS
from tests.toy_ostrack import ostrack_forward, ostrack_weights
from tests.toys import PREPROCESSOR


def build(conversion):
    tracker = MODELS.build(dict(conversion.model, data_preprocessor=PREPROCESSOR)).eval()
    tracker.load_state_dict(conversion.state_dict, strict=True)
    return tracker


@torch.no_grad()
def test_maps_equal_a_reference_forward() -> None:
    weights = ostrack_weights()
    tracker = build(from_ostrack(weights))
    generator = torch.Generator().manual_seed(1)
    template = torch.randn(2, 3, 32, 32, generator=generator)
    search = torch.randn(2, 3, 64, 64, generator=generator)
    output = tracker._forward(dict(img=template[:, None], search_img=search[:, None]))
    score, size, offset = ostrack_forward(weights, template, search)
    assert score.std() > 1e-3  # otherwise equal maps would prove little
    for ours, theirs in (
        (sigmoid_clamped(output.score), score),
        (sigmoid_clamped(output.size), size),
        (output.offset, offset),
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_config_is_derived_from_the_shapes() -> None:
    model = from_ostrack(ostrack_weights(width=192, depth=2, channels=64)).model
    backbone = model['backbone']
    assert (backbone['separate_depth'], backbone['joint_depth']) == (0, 2)
    assert (backbone['embed_dims'], backbone['num_heads'], backbone['mlp_ratio']) == (192, 3, 4.0)
    assert (backbone['template_size'], backbone['search_size']) == (32, 64)
    assert model['head']['feat_channels'] == 64
    assert model['test_cfg'] == dict(template_factor=2.0, search_factor=4.0)


def test_search_factor_of_the_large_crop() -> None:
    weights = ostrack_weights(width=64, depth=1, template=192, search=384, channels=8)
    assert from_ostrack(weights).model['test_cfg']['search_factor'] == 5.0


def test_round_trip_is_exact() -> None:
    weights = ostrack_weights()
    conversion = from_ostrack(weights)
    assert set(conversion.left_out) == {'backbone.cls_token', 'backbone.pos_embed'}
    back = to_ostrack(conversion.state_dict, conversion.left_out)
    assert set(back) == set(weights)
    assert all(torch.equal(back[key], weights[key]) for key in weights)


def test_ostrack_is_recognised_by_its_names() -> None:
    assert is_ostrack(ostrack_weights(depth=1))
    assert not is_ostrack({'backbone.search_pos_embed': torch.zeros(1)})


@pytest.mark.parametrize(
    ('key', 'feature'),
    [
        ('backbone.blocks.0.active_score_module.weight', 'AVTrack'),
        ('backbone.blocks.0.ls1.gamma', 'layer scale'),
        ('backbone.blocks.0.attn.q_norm.weight', 'queries and keys'),
        ('backbone.search_segment_pos_embed', 'segment embeddings'),
        ('box_head.conv1_tl.0.weight', 'corner head'),
        ('backbone.reg_token', 'register tokens'),
        ('backbone.MLP.fc1.weight', 'SGLATrack'),
        ('backbone.blocks.0.mlp.fc1_g.weight', 'EVA-02'),
        ('backbone.blocks.0.attn.q_proj.weight', 'EVA-02'),
    ],
)
def test_features_that_change_the_forward_are_refused(key: str, feature: str) -> None:
    weights = dict(ostrack_weights(depth=1), **{key: torch.zeros(1)})
    with pytest.raises(ValueError, match=feature):
        from_ostrack(weights)


def test_unknown_tensors_are_refused() -> None:
    weights = dict(ostrack_weights(depth=1), **{'backbone.selector.fc1.weight': torch.zeros(1)})
    with pytest.raises(ValueError, match=r'backbone\.selector\.fc1\.weight'):
        from_ostrack(weights)


def test_tensors_of_a_loss_are_left_out() -> None:
    weights = dict(ostrack_weights(depth=1), **{'global_stat_x.conv1.weight': torch.zeros(1)})
    assert 'global_stat_x.conv1.weight' in from_ostrack(weights).left_out


def test_missing_tensors_are_named() -> None:
    weights = ostrack_weights(depth=2)
    del weights['backbone.blocks.1.mlp.fc2.bias']
    with pytest.raises(ValueError, match=r'1 tensors are missing.*joint_stage\.1\.mlp\.fc2\.bias'):
        from_ostrack(weights)


def test_a_tracker_with_separate_layers_cannot_be_written() -> None:
    with pytest.raises(ValueError, match='separate_depth=0'):
        to_ostrack({'backbone.separate_stage.0.norm1.weight': torch.zeros(1)})
