import sys

import pytest
import torch

from lab.costs.report import BenchmarkReport
from lab.costs.store_memory import feed_store, reachable_bytes, report_store


def test_storages_are_counted_once_and_closures_are_followed() -> None:
    tensor = torch.zeros(1000)
    assert 4000 <= reachable_bytes([tensor]) < 4000 + 1000
    assert reachable_bytes([tensor, tensor[:500]]) < 4000 + 2000
    assert reachable_bytes(lambda: tensor) >= 4000
    assert reachable_bytes(pytest) == 0


@pytest.mark.skipif(sys.platform != 'linux', reason="reads a process's memory from /proc")
@pytest.mark.parametrize('given', [{}, dict(threshold='auto', interval='auto')])
@pytest.mark.parametrize('capacity', [1, 5])
def test_memory_does_not_grow_with_the_video(given: dict, capacity: int) -> None:
    found = feed_store(4000, capacity=capacity, samples=40, **given)
    assert [each.frame for each in found] == list(range(100, 4001, 100))
    assert max(each.entries for each in found) == capacity
    views = [each.store_bytes for each in found[10:]]
    # Entries of 256 bytes of tokens and one candidate's frame of 768 bytes, and their objects.
    assert max(views) < 2500 + 800 * capacity
    assert max(views[15:]) <= max(views[:15]) * 1.02


def test_a_growing_store_misses_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('mmeatrack.tracking.TargetStore.due', lambda *_: False)
    kept: list = []
    monkeypatch.setattr(
        'mmeatrack.tracking.TargetStore.offer',
        lambda self, *offered: self.__dict__.setdefault('kept', kept).append(offered),
    )
    report = BenchmarkReport('memory')
    report_store(report, 'leaking', feed_store(400, samples=40))
    assert 'leaking: most memory of the store, 2nd / 1st half' in report.missed


def test_frames_must_be_a_multiple_of_the_samples() -> None:
    with pytest.raises(ValueError, match='frames=150 must be a positive multiple of 100'):
        feed_store(150)
