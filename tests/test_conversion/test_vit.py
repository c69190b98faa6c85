"""ImageNet weights of vision transformers: names, layers, position embeddings, refusals."""

import re
from typing import Dict

import pytest
import torch
from torch import Tensor

from mmeatrack.conversion import convert_vit, resize_positions
from tests.toy_classifier import timm_weights, vit_features
from tests.toys import DIMS, GRID, TEMPLATE_SIZE, backbone_cfg, build

# The template has 2 x 2 patches, like the source's grid by default.


def mmpretrain_names(weights: Dict[str, Tensor]) -> Dict[str, Tensor]:
    renamed = {}
    for key, value in weights.items():
        for timm, mmpretrain in (
            ('blocks.', 'layers.'),
            ('patch_embed.proj.', 'patch_embed.projection.'),
            ('norm1.', 'ln1.'),
            ('norm2.', 'ln2.'),
            ('mlp.fc1.', 'ffn.layers.0.0.'),
            ('mlp.fc2.', 'ffn.layers.1.'),
        ):
            key = key.replace(timm, mmpretrain)
        key = re.sub('^norm', 'ln1', key)
        renamed[key if key.startswith('head.') else f'backbone.{key}'] = value
    return renamed


@pytest.mark.parametrize('layout', ['timm', 'mmpretrain'])
@pytest.mark.parametrize('extra_tokens', [1, 2])
@pytest.mark.parametrize(
    ('layers', 'chosen'), [('first', (0, 1, 2)), ('even', (1, 3, 4)), ([4, 0, 2], (4, 0, 2))]
)
@torch.no_grad()
def test_features_equal_a_reference_forward(layout, extra_tokens, layers, chosen) -> None:
    weights = timm_weights(depth=5, side=2, extra_tokens=extra_tokens)
    weights = {key: 0.3 * value for key, value in weights.items()}  # otherwise attention saturates
    backbone = build(backbone_cfg(2, 1)).eval()
    source = weights if layout == 'timm' else mmpretrain_names(weights)
    converted = convert_vit(source, backbone, layers)
    backbone.load_state_dict(converted.tensors, strict=True)
    crop = torch.randn(
        2, 3, TEMPLATE_SIZE, TEMPLATE_SIZE, generator=torch.Generator().manual_seed(1)
    )
    positions = weights['pos_embed'][:, extra_tokens:]
    tokens = backbone.forward_template(crop)
    torch.testing.assert_close(
        tokens, vit_features(weights, crop, positions, 2, chosen[:2]), rtol=1e-5, atol=1e-5
    )
    expected = vit_features(weights, crop, positions, 2, chosen)
    torch.testing.assert_close(backbone.joint_stage[0](tokens), expected, rtol=1e-5, atol=1e-5)


def test_conversion_records_every_change() -> None:
    backbone = build(backbone_cfg(2, 1))
    converted = convert_vit(timm_weights(4, side=2), backbone)
    assert ('blocks.2.norm1.weight', 'joint_stage.0.norm1.weight') in converted.renamed
    assert converted.resized == [f'search_pos_embed 2x2 to {GRID}x{GRID}']
    fourth = [name for name in timm_weights(4, side=2) if name.startswith('blocks.3.')]
    assert set(converted.left_out) == {'cls_token', 'head.weight', 'head.bias', *fourth}
    assert set(converted.tensors) == set(backbone.state_dict())
    for name in converted.left_out:
        assert name in str(converted)


def test_grid_must_be_square_or_given() -> None:
    backbone = build(backbone_cfg(2, 1))
    weights = timm_weights(3, side=(14, 10))
    with pytest.raises(ValueError, match=r'140 cells.*pretrained_grid=\(rows, columns\)'):
        convert_vit(weights, backbone)
    converted = convert_vit(weights, backbone, grid=(14, 10))
    image = weights['pos_embed'][:, 1:].transpose(1, 2).reshape(1, DIMS, 14, 10)
    expected = torch.nn.functional.interpolate(image, (GRID, GRID), mode='bicubic')
    torch.testing.assert_close(
        converted.tensors['search_pos_embed'], expected.flatten(2).transpose(1, 2)
    )
    with pytest.raises(ValueError, match='a grid of 9x9 does not fit'):
        convert_vit(weights, backbone, grid=(9, 9))


def test_positions_of_the_same_grid_are_unchanged() -> None:
    positions = torch.randn(1, 1 + 6, 4)
    assert torch.equal(resize_positions(positions, (2, 3), (2, 3)), positions[:, 1:])


@pytest.mark.parametrize(
    ('key', 'feature'),
    [
        ('blocks.0.ls1.gamma', 'layer scale'),
        ('blocks.0.gamma_1', 'layer scale'),
        ('backbone.layers.0.gamma1.weight', 'layer scale'),
        ('reg_token', 'register tokens'),
        ('register_tokens', 'register tokens'),
        ('blocks.0.attn.q_norm.weight', 'queries and keys'),
        ('blocks.0.mlp.w12.weight', 'SwiGLU'),
        ('blocks.0.mlp.fc1_g.weight', 'SwiGLU'),
        ('blocks.0.attn.q_bias', 'BEiT'),
        ('norm_pre.weight', 'before the first layer'),
        ('vit.encoder.layer.0.attention.query.weight', "Hugging Face's transformers"),
    ],
)
def test_features_that_the_backbone_lacks_are_refused(key: str, feature: str) -> None:
    weights = dict(timm_weights(3, side=2), **{key: torch.ones(1)})
    with pytest.raises(ValueError, match=feature):
        convert_vit(weights, build(backbone_cfg(2, 1)))


def test_norm_after_pooling_is_refused_as_final_norm() -> None:
    weights = timm_weights(3, side=2)
    for end in ('weight', 'bias'):
        weights[f'fc_norm.{end}'] = weights.pop(f'norm.{end}')
    with pytest.raises(ValueError, match='no final norm but fc_norm'):
        convert_vit(weights, build(backbone_cfg(2, 1)))


@pytest.mark.parametrize(
    ('layers', 'message'),
    [
        ('last', 'unknown'),
        ([0, 1], 'give 3 different numbers'),
        ([0, 1, 1], 'give 3 different numbers'),
        ([0, 1, 9], 'from 0 to 2'),
    ],
)
def test_choice_of_layers_is_checked(layers, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        convert_vit(timm_weights(3, side=2), build(backbone_cfg(2, 1)), layers)
    with pytest.raises(ValueError, match='have 3 layers and the backbone 4'):
        convert_vit(timm_weights(3, side=2), build(backbone_cfg(2, 2)), 'even')


def test_decoder_of_an_autoencoder_is_left_out() -> None:
    weights = dict(
        timm_weights(3, side=2),
        mask_token=torch.ones(1),
        **{'decoder_blocks.0.norm1.weight': torch.ones(1), 'decoder_pos_embed': torch.ones(1)},
    )
    converted = convert_vit(weights, build(backbone_cfg(2, 1)))
    assert {'mask_token', 'decoder_blocks.0.norm1.weight', 'decoder_pos_embed'} <= set(
        converted.left_out
    )
