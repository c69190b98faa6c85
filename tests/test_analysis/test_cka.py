import math

import numpy as np
import pytest
import torch

from mmeatrack.analysis import LinearCKA


def cka_numpy(x: np.ndarray, y: np.ndarray) -> float:
    """By Gram matrices: HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) of K = X X^T, L = Y Y^T."""
    n = len(x)
    centre = np.eye(n) - np.ones((n, n)) / n
    k, m = (centre @ (a @ a.T) @ centre for a in (x, y))
    return np.trace(k @ m) / math.sqrt(np.trace(k @ k) * np.trace(m @ m))


def cka(x: torch.Tensor, y: torch.Tensor, batches: int = 1) -> float:
    meter = LinearCKA(x.shape[1], y.shape[1])
    for a, b in zip(x.chunk(batches), y.chunk(batches)):
        meter.update(a, b)
    return meter.value()


def features(*widths: int, count: int = 40) -> list:
    shared = torch.randn(count, 3)
    return [
        shared @ torch.randn(3, width) + 0.5 * torch.randn(count, width) + 5 for width in widths
    ]


@pytest.mark.parametrize('batches', [1, 3])
def test_value_by_gram_matrices(batches: int) -> None:
    x, y = features(4, 7)
    expected = cka_numpy(x.double().numpy(), y.double().numpy())
    assert 0.1 < expected < 0.95
    assert cka(x, y, batches) == pytest.approx(expected, rel=1e-9)


def test_rotation_scale_and_shift_change_nothing() -> None:
    (x,) = features(5)
    rotation, _ = torch.linalg.qr(torch.randn(5, 5))
    assert cka(x, 3 * x @ rotation - 7) == pytest.approx(1.0, abs=1e-6)


def test_orthogonal_features_have_none() -> None:
    x = torch.tensor([[1.0], [1.0], [-1.0], [-1.0]])
    y = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    assert cka(x, y) == 0.0


def test_nothing_and_constants_are_nan() -> None:
    assert math.isnan(LinearCKA(2, 3).value())
    assert math.isnan(cka(torch.full((9, 2), 0.1), torch.randn(9, 2)))
