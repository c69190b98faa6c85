"""Linear centred kernel alignment (CKA) of features, added up over batches."""

import math

import torch
from torch import Tensor


class LinearCKA:
    """Linear CKA of two features of any widths over all samples given so far.

    ``|| X^T Y ||_F^2 / (|| X^T X ||_F || Y^T Y ||_F)`` of centred X and Y. It is 0 to 1, and does
    not change when either feature is rotated, scaled or shifted. Only sums over the samples are
    kept, so that any number of batches fits in memory and gives what one big batch would.

    Args:
        width_x: Channels of X.
        width_y: Channels of Y.
    """

    def __init__(self, width_x: int, width_y: int) -> None:
        self._width_x = width_x
        self._count = 0
        width = width_x + width_y
        self._sum = torch.zeros(width, dtype=torch.float64)
        self._products = torch.zeros(width, width, dtype=torch.float64)

    def update(self, x: Tensor, y: Tensor) -> None:
        """Add samples.

        Args:
            x: (N, width_x).
            y: (N, width_y), of the same samples.
        """
        both = torch.cat((x, y), dim=1).detach().double()  # (N, width_x + width_y)
        self._count += len(both)
        self._sum += both.sum(dim=0).cpu()
        self._products += (both.T @ both).cpu()

    def value(self) -> float:
        """CKA of all samples; NaN if there are none or a feature is constant."""
        mean = self._sum / max(self._count, 1)
        scatter = self._products - self._count * torch.outer(mean, mean)
        k = self._width_x
        own = scatter[:k, :k].norm() * scatter[k:, k:].norm()
        # What rounding leaves of a constant feature is no feature.
        raw = self._products[:k, :k].norm() * self._products[k:, k:].norm()
        if not own > 1e-20 * raw:
            return math.nan
        return float(scatter[:k, k:].pow(2).sum() / own)
