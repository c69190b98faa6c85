import math

import pytest
import torch

from mmeatrack.analysis import MaskedMean, token_cosine


def test_cosine_of_each_token() -> None:
    x = torch.tensor([[[1.0, 0.0], [3.0, 4.0], [1.0, 1.0], [0.0, 0.0]]])
    y = torch.tensor([[[0.0, 2.0], [6.0, 8.0], [-1.0, 0.0], [1.0, 2.0]]])
    assert token_cosine(x, y)[0].tolist() == pytest.approx([0, 1, -math.sqrt(0.5), 0], abs=1e-6)


def test_other_widths_are_refused() -> None:
    with pytest.raises(ValueError, match=r'\(1, 4, 2\) and \(1, 4, 3\) differ .* linear CKA'):
        token_cosine(torch.zeros(1, 4, 2), torch.zeros(1, 4, 3))


def test_mean_is_over_values_and_not_over_batches() -> None:
    mean = MaskedMean()
    assert math.isnan(mean.value())
    mean.update(torch.tensor([[1.0, 100.0]]), torch.tensor([[True, False]]))
    mean.update(torch.tensor([[4.0, 7.0]]), torch.tensor([[True, True]]))
    assert mean.value() == 4.0
