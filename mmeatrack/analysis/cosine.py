"""Cosine similarity of tokens, and means over chosen ones."""

import math

from torch import Tensor
from torch.nn import functional as F


def token_cosine(x: Tensor, y: Tensor) -> Tensor:
    """Cosine similarity token by token.

    Args:
        x: (..., C).
        y: (..., C).

    Returns:
        (...) values of -1 to 1; 0 where a token is zero.

    Raises:
        ValueError: If the shapes differ.
    """
    if x.shape != y.shape:
        raise ValueError(
            f'tokens {tuple(x.shape)} and {tuple(y.shape)} differ in shape; tokens of different '
            'widths are compared by linear CKA.'
        )
    return F.cosine_similarity(x, y, dim=-1)


class MaskedMean:
    """Mean over the chosen values of all batches given so far."""

    def __init__(self) -> None:
        self._total, self._count = 0.0, 0

    def update(self, values: Tensor, mask: Tensor) -> None:
        """Add the values (...) where the boolean mask (...) is True."""
        self._total += float(values[mask].double().sum())
        self._count += int(mask.sum())

    def value(self) -> float:
        """The mean; NaN if no value was chosen."""
        return self._total / self._count if self._count else math.nan
