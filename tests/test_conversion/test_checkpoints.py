"""Conversion of whole checkpoints between projects."""

from typing import Dict

import pytest
import torch
from mmcls.models import VisionTransformer
from torch import Tensor

from mmeatrack.conversion import Converted, WeightsFile, convert_checkpoint, names_of
from mmeatrack.models.backbones import load_pretrained_vit
from mmeatrack.registry import MODELS
from tests.test_conversion.test_vit import mmpretrain_names
from tests.toy_classifier import timm_weights, vit_features
from tests.toy_ostrack import ostrack_forward, ostrack_weights
from tests.toys import PREPROCESSOR, backbone_cfg, build, distill_cfg, logged, tracker_cfg

CROP = (2, 3, 16, 16)


def file_of(weights: Dict[str, Tensor], **meta) -> WeightsFile:
    return WeightsFile('a file', weights, meta)


def deit_weights(**kwargs) -> Dict[str, Tensor]:
    weights = timm_weights(extra_tokens=2, **dict(dict(depth=4, side=2), **kwargs))
    return {key: 0.3 * value for key, value in weights.items()}


def load(backbone: torch.nn.Module, converted: Converted) -> None:
    state = converted.content['state_dict']
    backbone.load_state_dict({k[len('backbone.') :]: v for k, v in state.items()}, strict=True)


@pytest.mark.parametrize(
    ('weights', 'project'),
    [
        (ostrack_weights(depth=1), 'ostrack'),
        (deit_weights(), 'timm'),
        (mmpretrain_names(deit_weights()), 'mmpretrain'),
        (build(distill_cfg()).state_dict(), 'mmrazor'),
        (build(tracker_cfg()).state_dict(), 'mmeatrack'),
        ({'backbone.layer1.0.conv1.weight': torch.zeros(1)}, None),
        ({'layers.0.blocks.0.attn.qkv.weight': torch.zeros(1)}, None),
    ],
)
def test_project_is_recognised_by_its_names(weights, project) -> None:
    assert names_of(weights) == project


@pytest.mark.parametrize('origin', ['auto', 'deit', 'timm', 'mmpretrain'])
@torch.no_grad()
def test_classifier_is_converted_for_the_backbone_of_a_config(origin: str, tmp_path) -> None:
    weights = deit_weights()
    source = mmpretrain_names(weights) if origin == 'mmpretrain' else weights
    config = backbone_cfg(1, 1, pretrained='elsewhere.pth', pretrained_layers='even')
    converted = convert_checkpoint(file_of(source), origin, 'mmeatrack', config)
    assert "'blocks.0.norm1.weight'" in converted.report or 'layers.0.' in converted.report
    path = tmp_path / 'start.pth'
    torch.save(converted.content, path)
    backbone = build(backbone_cfg(1, 1), seed=3).eval()
    with logged():
        load_pretrained_vit(backbone, str(path))
    crop = torch.randn(CROP, generator=torch.Generator().manual_seed(1))
    tokens = backbone.joint_stage[0](backbone.forward_template(crop))
    expected = vit_features(weights, crop, weights['pos_embed'][:, 2:], 2, (1, 3))
    torch.testing.assert_close(tokens, expected, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_mmpretrain_model_and_backbone_give_the_same_features() -> None:
    torch.manual_seed(0)
    arch = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=64)
    model = VisionTransformer(
        arch, img_size=16, patch_size=8, with_cls_token=False, output_cls_token=False
    )
    model.eval()  # returns None
    for parameter in model.parameters():
        parameter.normal_(std=0.3)
    weights = {f'backbone.{key}': value for key, value in model.state_dict().items()}
    converted = convert_checkpoint(file_of(weights), 'auto', 'mmeatrack', backbone_cfg(1, 1))
    backbone = build(backbone_cfg(1, 1)).eval()
    load(backbone, converted)
    crop = torch.randn(CROP, generator=torch.Generator().manual_seed(1))
    tokens = backbone.norm(backbone.joint_stage[0](backbone.forward_template(crop)))
    expected = model(crop)[0].flatten(2).transpose(1, 2)
    torch.testing.assert_close(tokens, expected, rtol=1e-5, atol=1e-5)


def test_classifier_without_a_config_gets_joint_layers() -> None:
    converted = convert_checkpoint(file_of(deit_weights(dims=64)), 'auto', 'mmeatrack')
    backbone = MODELS.build(converted.content['meta']['backbone'])
    assert (len(backbone.separate_stage), len(backbone.joint_stage)) == (0, 4)
    assert (backbone.template_grid, backbone.search_grid) == (8, 16)
    load(backbone, converted)
    expected = deit_weights(dims=64)['blocks.3.attn.qkv.weight']
    assert torch.equal(backbone.joint_stage[3].attn.qkv.weight, expected)


def test_student_is_taken_out_of_a_distillation() -> None:
    model = build(
        distill_cfg(
            architecture=tracker_cfg(0, 2),
            distiller=dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(1, 3)]),
        )
    )
    weights = model.state_dict()
    converted = convert_checkpoint(file_of(weights), 'mmrazor', 'mmeatrack')
    student = build(tracker_cfg(0, 2), seed=4)
    student.load_state_dict(converted.content['state_dict'], strict=True)
    own = model.student.state_dict()
    assert all(torch.equal(value, own[key]) for key, value in student.state_dict().items())
    assert f'{len(own)} tensors of the student; {len(weights) - len(own)} of teacher' in (
        converted.report
    )
    net = convert_checkpoint(file_of(weights), 'auto', 'ostrack').content['net']
    qkv = own['backbone.joint_stage.1.attn.qkv.weight']
    assert torch.equal(net['backbone.blocks.1.attn.qkv.weight'], qkv)


@torch.no_grad()
def test_ortrack_is_converted_like_ostrack() -> None:
    weights = ostrack_weights(width=192, depth=2, channels=16)
    weights['backbone.dist_token'] = torch.ones(1, 1, 192)
    weights['backbone.pos_embed'] = torch.ones(1, 198, 192)
    converted = convert_checkpoint(file_of(weights), 'ostrack', 'mmeatrack')
    assert "set aside ['backbone.cls_token', 'backbone.dist_token', 'backbone.pos_embed']" in (
        converted.report
    )
    assert 'candidate elimination has no weights' in converted.report
    content = converted.content
    tracker = MODELS.build(dict(content['meta']['model'], data_preprocessor=PREPROCESSOR)).eval()
    tracker.load_state_dict(content['state_dict'], strict=True)
    generator = torch.Generator().manual_seed(1)
    template = torch.randn(1, 3, 32, 32, generator=generator)
    search = torch.randn(1, 3, 64, 64, generator=generator)
    output = tracker._forward(dict(img=template[:, None], search_img=search[:, None]))
    expected = ostrack_forward(weights, template, search)
    torch.testing.assert_close(output.offset, expected[2], rtol=1e-5, atol=1e-5)
    file = file_of(content['state_dict'], **content['meta'])
    back = convert_checkpoint(file, 'mmeatrack', 'ostrack').content['net']
    assert back.keys() == weights.keys()
    assert all(torch.equal(back[key], weights[key]) for key in weights)


@pytest.mark.parametrize(
    ('weights', 'origin', 'to', 'message'),
    [
        (deit_weights(), 'mmpretrain', 'mmeatrack', 'names of mmpretrain; .*those of timm'),
        (deit_weights(), 'auto', 'ostrack', 'OSTrack'),
        ({'layer1.0.conv1.weight': torch.zeros(1)}, 'auto', 'mmeatrack', 'of no known project'),
        ({'vit.encoder.layer.0.x': torch.zeros(1)}, 'auto', 'mmeatrack', 'Hugging Face'),
        (dict(deit_weights(), reg_token=torch.zeros(1)), 'auto', 'mmeatrack', 'register tokens'),
        (deit_weights(), 'auto', 'mmeatrack', 'give the config of the tracker'),
        (ostrack_weights(depth=1), 'auto', 'ostrack', 'has the names of ostrack already'),
    ],
)
def test_unconvertible_weights_are_refused(weights, origin, to, message) -> None:
    with pytest.raises(ValueError, match=message):
        convert_checkpoint(file_of(weights), origin, to)


def test_mismatched_config_is_refused() -> None:
    with pytest.raises(ValueError, match='of the backbone are missing or of another shape'):
        convert_checkpoint(file_of(deit_weights()), 'auto', 'mmeatrack', backbone_cfg(3, 3))
    with pytest.raises(ValueError, match='a config is for the weights of a classifier'):
        convert_checkpoint(file_of(ostrack_weights(depth=1)), 'auto', 'mmeatrack', backbone_cfg())
