from pathlib import Path
from typing import Dict

import pytest
import torch

from tests.toys import DIMS, backbone_cfg, build, tracker_cfg

CLASSES = 10


def timm_weights(
    depth: int, extra_tokens: int = 1, side: int = 3, dims: int = DIMS, patch: int = 8
) -> Dict[str, torch.Tensor]:
    """State dict of a ViT classifier in timm's layout, with ``side`` x ``side`` patches."""
    generator = torch.Generator().manual_seed(7)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    weights = {
        'cls_token': draw(1, 1, dims),
        'pos_embed': draw(1, extra_tokens + side * side, dims),
        'patch_embed.proj.weight': draw(dims, 3, patch, patch),
        'patch_embed.proj.bias': draw(dims),
        'norm.weight': draw(dims),
        'norm.bias': draw(dims),
        'head.weight': draw(CLASSES, dims),
        'head.bias': draw(CLASSES),
    }
    if extra_tokens == 2:
        weights['dist_token'] = draw(1, 1, dims)
        weights['head_dist.weight'] = draw(CLASSES, dims)
        weights['head_dist.bias'] = draw(CLASSES)
    layers = {'attn.qkv': (3, 1), 'attn.proj': (1, 1), 'mlp.fc1': (4, 1), 'mlp.fc2': (1, 4)}
    for i in range(depth):
        for norm in ('norm1', 'norm2'):
            weights[f'blocks.{i}.{norm}.weight'] = draw(dims)
            weights[f'blocks.{i}.{norm}.bias'] = draw(dims)
        for name, (rows, columns) in layers.items():
            weights[f'blocks.{i}.{name}.weight'] = draw(rows * dims, columns * dims)
            weights[f'blocks.{i}.{name}.bias'] = draw(rows * dims)
    return weights


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
def test_position_embedding_loses_its_extra_tokens(tmp_path, extra_tokens: int) -> None:
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


def test_tracker_loads_them_at_its_initialisation(tmp_path) -> None:
    weights = timm_weights(4)
    path = save(tmp_path / 'deit.pth', dict(model=weights))
    tracker = build(tracker_cfg(2, 2, backbone=dict(pretrained=path)))
    weight = tracker.backbone.joint_stage[1].mlp.fc2.weight
    assert torch.equal(weight, weights['blocks.3.mlp.fc2.weight'])


@pytest.mark.parametrize(
    ('given', 'expected'),
    [
        (dict(depth=4, dims=32), r'of another shape: .*file \(32,\), model \(16,\)'),
        (dict(depth=3), r"Missing: \['joint_stage.1.attn.proj.bias'"),
        (dict(depth=4, patch=16), r'file \(16, 3, 16, 16\), model \(16, 3, 8, 8\)'),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, given: dict, expected: str) -> None:
    path = save(tmp_path / 'other.pth', dict(model=timm_weights(**given)))
    with pytest.raises(RuntimeError, match=expected) as error:
        loaded(path, 2, 2)
    assert str(error.value).startswith(f'{path} does not fit this backbone')
    assert 'at least 4 layers' in str(error.value)


def test_nothing_is_loaded_from_weights_that_do_not_fit(tmp_path) -> None:
    path = save(tmp_path / 'other.pth', dict(model=timm_weights(depth=3)))
    backbone = build(backbone_cfg(2, 2))
    backbone.pretrained, backbone.is_init = path, False
    torch.manual_seed(5)
    with pytest.raises(RuntimeError, match='does not fit'):
        backbone.init_weights()
    qkv = timm_weights(depth=3)['blocks.0.attn.qkv.weight']
    assert not torch.equal(backbone.separate_stage[0].attn.qkv.weight, qkv)


def test_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r'absent\.pth'):
        loaded(str(tmp_path / 'absent.pth'), 2, 2)
