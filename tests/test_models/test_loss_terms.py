import pytest
import torch

from mmeatrack.models import loss_terms as module


def test_one_process_counts_for_itself() -> None:
    counts = torch.tensor([0.0, 0.3, 7.0], requires_grad=True)
    shares = [module.shared_count(count) for count in counts]
    assert [share.item() for share in shares] == [1, 1, 7]
    assert not any(share.requires_grad for share in shares)


@pytest.mark.parametrize(('counts', 'share'), [((3, 0, 1), 4 / 3), ((0, 0, 0), 1 / 3)])
def test_three_processes_share_what_all_count(monkeypatch, counts: tuple, share: float) -> None:
    monkeypatch.setattr(module, 'get_world_size', lambda: 3)
    monkeypatch.setattr(module, 'reduce_mean', lambda own: own.new_tensor(sum(counts) / 3))
    given = torch.tensor(float(counts[0]))
    assert module.shared_count(given).item() == pytest.approx(share)
    assert given.item() == counts[0]


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_halves_become_float32(dtype: torch.dtype) -> None:
    assert module.full_precision(torch.ones(2, dtype=dtype)).dtype is torch.float32


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_full_precision_is_kept(dtype: torch.dtype) -> None:
    given = torch.ones(2, dtype=dtype)
    assert module.full_precision(given) is given
