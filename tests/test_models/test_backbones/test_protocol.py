"""Backbone contract: a plain ViT that satisfies it, and the errors for others."""

from typing import Any, Optional

import pytest
import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmeatrack.models.backbones import JointTokens
from mmeatrack.models.backbones.attention import Block
from mmeatrack.registry import MODELS
from tests.test_engine.toy_runs import train_runner
from tests.toys import DIMS, GRID, build, distill_cfg, follow, tracker_cfg, training_batch, video


class PlainViT(BaseModule):
    """Minimal backbone: a single stage ``blocks.N`` in which all tokens see each other."""

    template_size, search_size, search_grid = 16, 32, GRID

    def __init__(self, depth: int = 3, dims: int = DIMS) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dims, 8, 8)
        self.blocks = nn.ModuleList([Block(dims, 2, 2.0, True, 0.0) for _ in range(depth)])

    def layer_name(self, layer: int) -> str:
        return f'blocks.{layer}'

    def forward_template(self, template: Tensor) -> Tensor:
        return self.proj(template).flatten(2).transpose(1, 2)

    forward_search = forward_template

    def forward_joint(self, z: Tensor, x: Tensor, temporal: Optional[Tensor] = None) -> JointTokens:
        parts = [z, x] if temporal is None else [z, temporal, x]
        tokens = torch.cat(parts, dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        sizes = [z.shape[1], 0 if temporal is None else temporal.shape[1], x.shape[1]]
        return JointTokens(*tokens.split(sizes, dim=1))

    def forward(
        self, template: Tensor, search: Tensor, temporal_mask: Optional[Tensor] = None
    ) -> JointTokens:
        temporal = self.forward_template(template[:, 1]) if template.shape[1] > 1 else None
        return self.forward_joint(
            self.forward_template(template[:, 0]), self.forward_search(search), temporal
        )


@pytest.fixture(autouse=True)
def _registered() -> Any:
    MODELS.register_module(name='PlainViT', module=PlainViT, force=True)
    yield
    del MODELS._module_dict['PlainViT']


def plain(depth: int = 3, **kwargs: Any) -> dict:
    return dict(tracker_cfg(), backbone=dict(type='mmeatrack.PlainViT', depth=depth, **kwargs))


def test_plain_backbone_tracks() -> None:
    rows = follow(build(plain()).eval(), video(3))
    assert torch.isfinite(rows).all()


@pytest.mark.parametrize(
    ('student', 'teacher'),
    [(plain(3), plain(5)), (tracker_cfg(2, 2), plain(5)), (plain(4), tracker_cfg(0, 5))],
)
def test_plain_backbone_distils_by_layer_numbers(student: dict, teacher: dict) -> None:
    distiller = dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(2, 4)])
    model = build(distill_cfg(architecture=student, teacher=teacher, distiller=distiller)).train()
    sources = [r.source for r in model.distiller.teacher_recorders.recorders.values()]
    name = 'blocks.4' if teacher['backbone']['type'] == 'mmeatrack.PlainViT' else 'joint_stage.4'
    assert sources[0] == f'backbone.{name}'
    seen = []
    module = model.teacher.get_submodule(sources[0])
    module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    loss = model(*training_batch(), mode='loss')['distill.loss_feat_2_4']
    loss.backward()
    assert loss.item() > 0
    assert seen[0].shape[0] == 2


@pytest.mark.slow
def test_pairs_of_a_plain_backbone_are_found(tmp_path) -> None:
    distiller = dict(type='mmeatrack.EATrackDistiller', layer_pairs='auto')
    model = build(distill_cfg(architecture=plain(2), teacher=plain(4), distiller=distiller))
    hooks = [dict(type='mmeatrack.AutoPairHook', batches=1)]
    once = dict(by_epoch=True, max_epochs=1)
    train_runner(model, tmp_path, once, custom_hooks=hooks).train()
    assert [student for student, _ in model.distiller.layer_pairs] == [0, 1]


@pytest.mark.parametrize('layer', [3, -1])
def test_missing_layer_is_refused(layer: int) -> None:
    distiller = dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(layer, 3)])
    with pytest.raises(
        ValueError, match=rf'layer {layer} .* is not a joint layer.*pair one of \[0, 1, 2\]'
    ):
        build(distill_cfg(architecture=plain(3), distiller=distiller))


def test_backbone_without_layer_numbers_is_refused_for_pairs(monkeypatch) -> None:
    monkeypatch.delattr(PlainViT, 'layer_name')
    distiller = dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(2, 3)])
    with pytest.raises(ValueError, match=r'PlainViT has no layer_name\(layer\)'):
        build(distill_cfg(architecture=plain(3), distiller=distiller))
    auto = dict(distiller, layer_pairs='auto')
    with pytest.raises(ValueError, match=r'PlainViT has no layer_name\(layer\)'):
        build(distill_cfg(architecture=plain(3), distiller=auto))


# Broken contracts


@pytest.mark.parametrize(
    'name', ['forward_template', 'forward_search', 'forward_joint', 'search_grid', 'search_size']
)
def test_missing_member_is_named_when_built(monkeypatch, name: str) -> None:
    monkeypatch.delattr(PlainViT, name)
    with pytest.raises(TypeError, match=f'PlainViT is not a tracker backbone: {name}'):
        build(plain())


@pytest.mark.parametrize('value', [None, 0, 4.0, '4'])
def test_bad_grid_is_refused_when_built(monkeypatch, value: Any) -> None:
    monkeypatch.setattr(PlainViT, 'search_grid', value)
    with pytest.raises(TypeError, match=r'search_grid is .*must be a whole number above 0'):
        build(plain())


def test_method_with_other_arguments_is_refused_when_built(monkeypatch) -> None:
    monkeypatch.setattr(PlainViT, 'forward', lambda self, template, search: None)
    with pytest.raises(
        TypeError, match=r'forward\(template, search, temporal_mask\) is missing or'
    ):
        build(plain())


def test_other_return_type_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(PlainViT, 'forward', lambda self, z, x, temporal_mask: torch.zeros(3, 4))
    with pytest.raises(TypeError, match=r"returned Tensor, and must return .*'search'"):
        build(plain())(training_batch()[0], mode='tensor')
