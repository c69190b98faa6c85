from pathlib import Path

import pytest
import torch

from mmeatrack.models.backbones import load_pretrained_vit
from tests.toy_classifier import timm_weights
from tests.toys import DIMS, backbone_cfg, build, logged, tracker_cfg


def save(path: Path, content: dict) -> str:
    torch.save(content, path)
    return str(path)


def loaded(path: str, separate: int, joint: int, **kwargs):
    return build(backbone_cfg(separate, joint, pretrained=path, **kwargs)).state_dict()


@pytest.mark.parametrize('wrap', ['model', 'state_dict', None])
@pytest.mark.parametrize('extra_tokens', [1, 2])
def test_first_layers_of_a_deeper_classifier(tmp_path, extra_tokens: int, wrap) -> None:
    weights = timm_weights(depth=12, extra_tokens=extra_tokens)
    path = save(tmp_path / 'deit.pth', weights if wrap is None else {wrap: weights})
    own = loaded(path, 6, 2)
    for layer in range(8):
        stage = f'separate_stage.{layer}' if layer < 6 else f'joint_stage.{layer - 6}'
        theirs = {k: v for k, v in weights.items() if k.startswith(f'blocks.{layer}.')}
        assert len(theirs) == 12
        for key, value in theirs.items():
            assert torch.equal(own[key.replace(f'blocks.{layer}.', f'{stage}.')], value), key
    for key in ('patch_embed.proj.weight', 'patch_embed.proj.bias', 'norm.weight', 'norm.bias'):
        assert torch.equal(own[key], weights[key])


@pytest.mark.parametrize('extra_tokens', [1, 2])
def test_extra_tokens_of_the_position_embedding_are_dropped(tmp_path, extra_tokens: int) -> None:
    # The classifier's grid is the search grid, 4 x 4: nothing is resized there.
    weights = timm_weights(2, extra_tokens, side=4)
    own = loaded(save(tmp_path / 'deit.pth', dict(model=weights)), 1, 1)
    torch.testing.assert_close(own['search_pos_embed'], weights['pos_embed'][:, extra_tokens:])


def test_position_embedding_is_resized_in_space(tmp_path) -> None:
    """A ramp over a grid of 8 stays a ramp over a grid of 4, and rows stay rows."""
    weights = timm_weights(2, extra_tokens=1, side=8)
    row, column = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing='ij')
    grid = weights['pos_embed'][:, 1:].reshape(1, 8, 8, DIMS)
    grid[..., 0], grid[..., 1], grid[..., 2] = row, column, 5.0
    own = loaded(save(tmp_path / 'deit.pth', dict(model=weights)), 1, 1)
    resized = own['search_pos_embed'].reshape(4, 4, DIMS)
    assert torch.allclose(resized[..., 2], torch.full((4, 4), 5.0), atol=1e-5)
    # Cell k of 4 is centred on 2k + 0.5 of 8; the outermost feel the border.
    ramp = torch.tensor([2.5, 4.5])
    assert torch.allclose(resized[1:3, 1:3, 0], ramp[:, None].expand(2, 2), atol=1e-5)
    assert torch.allclose(resized[1:3, 1:3, 1], ramp[None, :].expand(2, 2), atol=1e-5)


def test_tracker_loads_pretrained_weights_at_initialisation(tmp_path) -> None:
    weights = timm_weights(4)
    path = save(tmp_path / 'deit.pth', dict(model=weights))
    tracker = build(tracker_cfg(2, 2, backbone=dict(pretrained=path)))
    weight = tracker.backbone.joint_stage[1].mlp.fc2.weight
    assert torch.equal(weight, weights['blocks.3.mlp.fc2.weight'])


@pytest.mark.parametrize(
    ('given', 'expected'),
    [
        (dict(depth=4, dims=32), r'of another shape .*_pos_embed \(1, 16, 32\) for \(1, 16, 16\)'),
        (dict(depth=3), r"12 missing \['joint_stage.1.norm1.weight'"),
        (dict(depth=4, patch=16), r'proj.weight \(16, 3, 16, 16\) for \(16, 3, 8, 8\)'),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, given: dict, expected: str) -> None:
    path = save(tmp_path / 'other.pth', dict(model=timm_weights(**given)))
    with pytest.raises(RuntimeError, match=expected) as error:
        loaded(path, 2, 2)
    assert str(error.value).startswith(f'{path} is of another model than the configured Asymm')
    assert 'at least 4 layers' in str(error.value)


def test_nothing_is_loaded_from_weights_that_do_not_fit(tmp_path) -> None:
    path = save(tmp_path / 'other.pth', dict(model=timm_weights(depth=3)))
    backbone = build(backbone_cfg(2, 2))
    backbone.pretrained, backbone.is_init = path, False
    torch.manual_seed(5)
    with pytest.raises(RuntimeError, match='of another model'):
        backbone.init_weights()
    qkv = timm_weights(depth=3)['blocks.0.attn.qkv.weight']
    assert not torch.equal(backbone.separate_stage[0].attn.qkv.weight, qkv)


def test_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r'absent\.pth'):
        loaded(str(tmp_path / 'absent.pth'), 2, 2)


def test_chosen_layers_and_grid_of_the_source(tmp_path) -> None:
    weights = timm_weights(depth=12)
    path = save(tmp_path / 'deit.pth', weights)
    own = loaded(path, 2, 2, pretrained_layers='even')
    for place, layer in enumerate((2, 5, 8, 11)):
        stage = f'separate_stage.{place}' if place < 2 else f'joint_stage.{place - 2}'
        key = 'attn.qkv.weight'
        assert torch.equal(own[f'{stage}.{key}'], weights[f'blocks.{layer}.{key}'])
    with pytest.raises(ValueError, match=r'deit\.pth: a grid of 2x4 does not fit'):
        loaded(path, 2, 2, pretrained_grid=(2, 4))


def test_log_record_names_all_left_out_tensors(tmp_path) -> None:
    path = save(tmp_path / 'deit.pth', timm_weights(depth=5))
    backbone = build(backbone_cfg(2, 2))
    with logged() as messages:
        load_pretrained_vit(backbone, path)
    (record,) = [message for message in messages if message.startswith('pretrained')]
    fifth = [key for key in timm_weights(depth=5) if key.startswith('blocks.4.')]
    for key in (*fifth, 'cls_token', 'head.weight', 'search_pos_embed 3x3 to 4x4'):
        assert key in record
