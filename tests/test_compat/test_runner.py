import os
from types import SimpleNamespace
from typing import Any, Dict, List

import pytest
import torch
from mmengine.runner import Runner, turn_on_activation_checkpointing

from mmeatrack.compat.runner import set_cublas_workspace
from tests.toys import build, distill_cfg, mmtrack_scope, training_batch


@pytest.mark.parametrize(
    ('before', 'deterministic', 'after'),
    [(None, True, ':4096:8'), (':16:8', True, ':16:8'), (None, False, None)],
)
def test_deterministic_runner_has_a_workspace(
    monkeypatch: pytest.MonkeyPatch, before: str, deterministic: bool, after: str
) -> None:
    monkeypatch.setenv('CUBLAS_WORKSPACE_CONFIG', before or '')  # restored after the test
    if before is None:
        monkeypatch.delenv('CUBLAS_WORKSPACE_CONFIG')
    found = []

    class ToyRunner:
        def set_randomness(self, *arguments: object) -> None:
            found.append((arguments, os.environ.get('CUBLAS_WORKSPACE_CONFIG')))

    set_cublas_workspace(SimpleNamespace(Runner=ToyRunner))
    ToyRunner().set_randomness(seed=3, deterministic=deterministic)
    assert found == [((3, False, deterministic), after)]


def test_mmengines_runner_is_patched() -> None:
    assert Runner.set_randomness.__module__ == 'mmeatrack.compat.runner'
    assert Runner._maybe_compile.__module__ == 'mmeatrack.compat.runner'


def step(checkpointed: List[str]) -> Dict[str, Any]:
    """Losses and the student's gradients of a step with these modules checkpointed."""
    with mmtrack_scope():
        model = build(distill_cfg()).train()
    if checkpointed:
        turn_on_activation_checkpointing(model, checkpointed)
    losses = model(*training_batch(), mode='loss')
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    gradients = {name: each.grad for name, each in model.student.named_parameters()}
    return dict(losses=losses, gradients=gradients)


@pytest.mark.slow
@pytest.mark.parametrize(
    'modules', [['architecture.backbone'], ['architecture.backbone', 'architecture.head']]
)
def test_checkpointed_step_equals_a_plain_one(modules: List[str]) -> None:
    """Losses on recorded layers and the backbone, whose inputs need no gradient, are included."""
    expected, found = step([]), step(modules)
    for kind in ('losses', 'gradients'):
        for name, value in expected[kind].items():
            torch.testing.assert_close(found[kind][name], value, rtol=1e-5, atol=1e-7)
    assert found['gradients']['backbone.patch_embed.proj.weight'].abs().max() > 0
