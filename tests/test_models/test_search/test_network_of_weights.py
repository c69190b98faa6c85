from typing import Any

import pytest
import torch

from mmeatrack.models.backbones import AsymmetricViT
from mmeatrack.models.search import FastNetwork, NetworkOfWeights, PlainNetwork
from tests.toys import build, tracker_cfg


@pytest.fixture
def tracker() -> Any:
    return build(tracker_cfg()).eval()


def test_network_is_kept_until_the_weights_change(tracker) -> None:
    holder = NetworkOfWeights()
    first = holder.of(tracker)
    assert isinstance(first, FastNetwork)
    assert holder.of(tracker) is first
    tracker.load_state_dict(tracker.state_dict())
    assert holder.of(tracker) is first
    # As averaging hooks do, without a change of version counters.
    tracker.head.size_branch[0][1].running_mean.data.add_(1)
    second = holder.of(tracker)
    assert second is not first
    assert not torch.equal(second.peak_branches.bias0, first.peak_branches.bias0)
    assert holder.of(tracker.double()) is not second


def test_plain_network_on_request(tracker) -> None:
    holder = NetworkOfWeights()
    assert isinstance(holder.of(tracker), FastNetwork)
    tracker.test_cfg['fast'] = False
    assert isinstance(holder.of(tracker), PlainNetwork)


class _OtherBackbone(AsymmetricViT):
    def forward_joint(self, z, x, temporal=None, temporal_mask=None):
        return super().forward_joint(z, 2 * x, temporal, temporal_mask)


def test_other_backbone_or_head_runs_in_the_plain_network(tracker) -> None:
    tracker.backbone.__class__ = _OtherBackbone
    assert isinstance(NetworkOfWeights().of(tracker), PlainNetwork)
    tracker.backbone.__class__ = AsymmetricViT
    assert isinstance(NetworkOfWeights().of(tracker), FastNetwork)
    predict = tracker.head.predict
    tracker.head.predict = lambda *args: predict(*args)
    assert isinstance(NetworkOfWeights().of(tracker), PlainNetwork)


def test_derived_weights_are_not_in_the_state_dict(tracker) -> None:
    before = {name: value.clone() for name, value in tracker.state_dict().items()}
    tracker._networks.of(tracker)
    after = tracker.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(value, before[name]) for name, value in after.items())
