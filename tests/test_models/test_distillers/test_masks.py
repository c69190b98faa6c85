"""Masks of the target, from the boxes to the losses."""

import inspect
from typing import Any, Dict, List

import numpy as np
import pytest
from torch import Tensor, nn

from mmeatrack.models import TargetMask
from mmeatrack.registry import MODELS
from tests.toys import GRID, build, distill_cfg, long_form, training_batch


class SumLoss(nn.Module):
    """Sum of its mask."""

    mask_layout: Any = 'tokens'

    def forward(self, student: Tensor, teacher: Tensor, target_mask: Tensor) -> Tensor:
        self.shape = tuple(target_mask.shape)
        return target_mask.sum() + 0 * student.sum()


@pytest.fixture(autouse=True)
def _registered() -> Any:
    MODELS.register_module(name='SumLoss', module=SumLoss, force=True)
    yield
    del MODELS._module_dict['SumLoss']


SUM = dict(type='mmeatrack.SumLoss')


def mask_of(model: Any, samples: list, shape: str) -> np.ndarray:
    return TargetMask(shape)(model.student.search_boxes(samples), (GRID, GRID)).numpy()


@pytest.mark.parametrize(
    ('layout', 'shape', 'mask'),
    [('tokens', (2, GRID**2), 'soft'), ('map', (2, GRID, GRID), 'hard')],
)
def test_custom_loss_gets_its_mask(monkeypatch, layout: str, shape: tuple, mask: str) -> None:
    monkeypatch.setattr(SumLoss, 'mask_layout', layout)
    model = build(distill_cfg(distiller=long_form(SUM, feature_mask=dict(shape='soft')))).train()
    inputs, samples = training_batch()
    loss = model(inputs, samples, mode='loss')['distill.loss_own'].item()
    assert loss == pytest.approx(mask_of(model, samples, mask).sum())
    assert model.distiller.distill_losses['loss_own'].shape == shape


def test_mask_may_come_from_the_config() -> None:
    distiller = long_form(SUM)
    bell = dict(type='mmeatrack.TargetMaskConnector', shape='gaussian', layout='map')
    distiller['connectors'] = dict(bell=bell)
    distiller['loss_forward_mappings']['loss_own']['target_mask'] = dict(
        recorder='search_boxes', from_student=True, connector='bell'
    )
    distiller['student_recorders'] = dict(
        distiller['student_recorders'],
        search_boxes=dict(type='mmrazor.ModuleOutputs', source='search_boxes'),
    )
    model = build(distill_cfg(distiller=distiller)).train()
    inputs, samples = training_batch()
    loss = model(inputs, samples, mode='loss')['distill.loss_own'].item()
    assert loss == pytest.approx(mask_of(model, samples, 'gaussian').sum(), rel=1e-6)


@pytest.mark.parametrize('layout', [None, 'rows', 1])
def test_loss_without_a_layout_is_refused_when_built(monkeypatch, layout: Any) -> None:
    monkeypatch.setattr(SumLoss, 'mask_layout', layout)
    with pytest.raises(ValueError, match=r"SumLoss.forward takes target_mask.*\['tokens', 'map'\]"):
        MODELS.build(long_form(SUM))
    monkeypatch.delattr(SumLoss, 'mask_layout')
    with pytest.raises(ValueError, match=r'its mask_layout is None\. Set mask_layout in the class'):
        MODELS.build(long_form(SUM))


def test_boxes_are_computed_once_a_step() -> None:
    model = build(distill_cfg()).train()
    runs: List[int] = []
    model.student.search_boxes.register_forward_hook(lambda *args: runs.append(1))
    model(*training_batch(), mode='loss')
    assert runs == [1]


def test_signatures_are_inspected_when_built(monkeypatch) -> None:
    model = build(distill_cfg()).train()

    def fail(*args: Any) -> None:
        raise AssertionError('a signature is inspected in a step')

    monkeypatch.setattr(inspect, 'signature', fail)
    monkeypatch.setattr('mmeatrack.models.distillers.eatrack_distiller.signature', fail)
    assert model(*training_batch(), mode='loss')


@pytest.mark.parametrize(
    ('name', 'entries'),
    [
        ('student_recorders', dict(head=dict(type='mmrazor.ModuleInputs', source='head'))),
        ('teacher_recorders', dict(layer_3=dict(type='mmeatrack.LayerOutputs', source=2))),
        ('connectors', dict(search_tokens=dict(type='mmeatrack.SearchTokens', layout='map'))),
        ('connectors', dict(target_mask_map=dict(type='mmeatrack.TargetMaskConnector'))),
        ('student_recorders', dict(search_boxes=dict(type='mmrazor.ModuleOutputs', source='head'))),
        ('distill_losses', dict(loss_pred=dict(type='mmrazor.KLDivergence'))),
    ],
)
def test_names_of_the_short_form_are_reserved(name: str, entries: Dict[str, dict]) -> None:
    """An entry of the config is never replaced silently."""
    (entry,) = entries
    cfg = dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(3, 3)], **{name: entries})
    with pytest.raises(ValueError, match=f"{name} has an entry '{entry}', a name that the short"):
        MODELS.build(cfg)
