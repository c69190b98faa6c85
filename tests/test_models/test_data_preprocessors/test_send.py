"""Copies to the device in a training step, which never waits for it.

Tensors on the device 'meta' have no values: whatever reads one raises an error.
"""

from collections import Counter
from typing import Any, List, Tuple

import pytest
import torch
from mmengine.dataset import default_collate
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from mmeatrack.models.data_preprocessors import send
from tests.test_training.toy_parts import ToyCrops
from tests.toys import build, distill_cfg, tracker_cfg

pytestmark = pytest.mark.slow

META = torch.device('meta')
FEATURES = dict(type='mmeatrack.EATrackDistiller', layer_pairs=[(1, 1)], reduction='mean')


class Copies(TorchDispatchMode):
    """Records shape and dtype of each tensor copied to the device, and counts operations."""

    def __init__(self) -> None:
        super().__init__()
        self.found: List[Tuple[tuple, torch.dtype]] = []
        self.operations = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.operations += 1
        given = [each.device for each in args if isinstance(each, torch.Tensor)]
        if isinstance(result, torch.Tensor) and result.device == META and {*given} - {META}:
            self.found.append((tuple(result.shape), result.dtype))
        return result


class Constants(TorchFunctionMode):
    """Counts tensors made on the device from Python numbers, each of which is a copy."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter = Counter()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in (torch.Tensor.new_tensor, torch.tensor, torch.as_tensor):
            self.found[func.__name__] += result.device == META
        return result


@pytest.mark.parametrize(('shape', 'adapter'), [('hard', True), ('gaussian', False)])
def test_a_step_copies_crops_and_boxes_without_waiting(shape: str, adapter: bool) -> None:
    teacher = tracker_cfg(0, 2, backbone=dict(embed_dims=24 if adapter else 16))
    distiller = dict(FEATURES, feature_mask=dict(shape=shape), support='target')
    student = tracker_cfg(1, 1, train_cfg=dict(temporal_drop=0.3))
    model = build(distill_cfg(architecture=student, teacher=teacher, distiller=distiller))
    model.to('meta').train()
    batch = default_collate([ToyCrops(without_target=[1])[index] for index in range(4)])
    with Constants() as constants, Copies() as copies:
        data = model.data_preprocessor(batch, training=True)
        assert copies.operations < 20
        loss, _ = model.parse_losses(model(**data, mode='loss'))
        loss.backward()
    assert copies.found == [
        ((4, 2, 3, 16, 16), torch.uint8),
        ((4, 1, 3, 32, 32), torch.uint8),
        ((4, 4), torch.float32),  # the targets' boxes
    ]
    assert sum(constants.found.values()) == 0


def test_template_boxes_are_copied_once() -> None:
    model = build(tracker_cfg(0, 1, backbone=dict(box_embed=True))).to('meta')
    samples = [ToyCrops()[index] for index in range(3)]
    for sample in samples:
        sample['data_samples'].gt_instances = sample['data_samples'].search_gt_instances
        sample['inputs']['img'] = sample['inputs']['img'][:1]
    data = model.data_preprocessor(default_collate(samples), training=True)
    with Copies() as copies:
        model(**data, mode='loss')
    assert copies.found == [((3, 4), torch.float32), ((3, 1, 4), torch.float32)]


def test_tensors_on_the_device_are_not_copied() -> None:
    values = torch.ones(3)
    assert send(values, torch.device('cpu')) is values
    assert send(values, META).device == META
