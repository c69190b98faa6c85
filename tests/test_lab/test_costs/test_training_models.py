"""Measured steps of student, teacher and distillation match those of a training."""

from typing import Any, Dict, List

import pytest
import torch
from mmengine.config import Config

from lab.costs import training_models
from lab.costs.training_models import PARTS, build_step, training_batch
from mmeatrack.models import AsymmetricViT, CropDataPreprocessor
from tests.toys import distill_cfg, mmtrack_scope

OPTIMIZER = dict(type='SGD', lr=1e-3)


@pytest.mark.parametrize('dtype', ['bfloat16', 'float32'])
def test_parts_run_in_the_precision_of_the_training(
    monkeypatch: pytest.MonkeyPatch, dtype: str
) -> None:
    optim = dict(type='AmpOptimWrapper', dtype=dtype, optimizer=OPTIMIZER)
    config = Config(dict(model=distill_cfg(), optim_wrapper=optim))
    found: Dict[str, List[torch.dtype]] = {part: [] for part in PARTS}
    prepared: Dict[str, int] = dict.fromkeys(PARTS, 0)
    forward, preprocess = AsymmetricViT.forward_joint, CropDataPreprocessor.forward
    part = ''

    def joint(self: Any, z: torch.Tensor, *args: Any) -> Any:
        found[part].append(self.joint_stage[0].mlp(z).dtype)
        return forward(self, z, *args)

    def prepare(self: Any, *args: Any, **kwargs: Any) -> Any:
        prepared[part] += 1
        return preprocess(self, *args, **kwargs)

    monkeypatch.setattr(AsymmetricViT, 'forward_joint', joint)
    monkeypatch.setattr(CropDataPreprocessor, 'forward', prepare)
    guards: List[Any] = []
    guard = training_models.NonFiniteGuardHook
    monkeypatch.setattr(
        training_models, 'NonFiniteGuardHook', lambda: guards.append(guard()) or guards[-1]
    )
    with mmtrack_scope():
        batch = training_batch(config, 2, 'cpu')
        for part in PARTS:
            step = build_step(part, config, batch, 'cpu')
            step()
            step()
    expected = getattr(torch, dtype)
    assert found == dict(
        student=[expected] * 2, teacher=[expected] * 2, distillation=[expected] * 4
    )
    assert prepared == dict(student=2, teacher=1, distillation=2)  # a step has one batch
    assert len(guards) == 2
