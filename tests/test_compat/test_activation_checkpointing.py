from typing import Any, Dict, List

import pytest
import torch
from mmengine.runner import turn_on_activation_checkpointing

from tests.toys import build, distill_cfg, mmtrack_scope, training_batch


def step(modules: List[str]) -> Dict[str, Any]:
    """Losses and the student's gradients of a step with these modules checkpointed."""
    with mmtrack_scope():
        model = build(distill_cfg()).train()
    if modules:
        turn_on_activation_checkpointing(model, modules)
    losses = model(*training_batch(), mode='loss')
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    gradients = {name: each.grad for name, each in model.student.named_parameters()}
    return dict(losses=losses, gradients=gradients)


@pytest.mark.parametrize(
    'modules', [['architecture.backbone'], ['architecture.backbone', 'architecture.head']]
)
def test_step_with_checkpointing_is_one_without(modules: List[str]) -> None:
    """Also of a loss on recorded layers, and of the backbone, whose inputs need no gradient."""
    expected, found = step([]), step(modules)
    for kind in ('losses', 'gradients'):
        for name, value in expected[kind].items():
            torch.testing.assert_close(found[kind][name], value, rtol=1e-5, atol=1e-7)
    assert found['gradients']['backbone.patch_embed.proj.weight'].abs().max() > 0
