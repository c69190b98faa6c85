"""Convolutional branches computed at a single cell of their map."""

from typing import Any, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PeakBranches(nn.Module):
    """Equal branches of 3x3 convolutions, computed at the peak of the score map alone.

    A branch of four layers sees 9x9 cells around a cell; each layer shrinks that patch by a cell on
    every side. Every convolution pads the map with 0, so positions outside the map are set to 0
    before each layer. The layers are matrix products over all branches: convolutions of so few
    positions spend most of their time on reordering their weights.

    Args:
        branches: Branches of :class:`CenterHead` without batch norms, see :func:`folded`.
        grid: ``Hf`` and ``Wf``.
    """

    row_step: Tensor
    column_step: Tensor
    last_weight: Tensor
    last_bias: Tensor

    def __init__(self, branches: Sequence[Any], grid: Sequence[int]) -> None:
        super().__init__()
        self.grid, self.radius = tuple(grid), len(branches[0]) - 1
        self.count = len(branches)
        reach = torch.arange(-self.radius, self.radius + 1)
        self.register_buffer('row_step', reach.repeat_interleave(len(reach)))
        self.register_buffer('column_step', reach.repeat(len(reach)))
        for i in range(self.radius):
            convolutions = [branch[i][0] for branch in branches]
            weights = torch.stack([_as_matrix(each.weight) for each in convolutions])
            biases = torch.stack([each.bias for each in convolutions])
            if i == 0:  # all branches see the same patch
                weights, biases = torch.cat(list(weights), dim=1), biases.flatten()
            self.register_buffer(f'weight{i}', weights)
            self.register_buffer(f'bias{i}', biases)
            self.register_buffer(f'taps{i}', _taps(2 * (self.radius - i) + 1))
        last = [branch[-1] for branch in branches]
        self.register_buffer('last_weight', torch.stack([each.weight[:, :, 0, 0] for each in last]))
        self.register_buffer('last_bias', torch.stack([each.bias for each in last]))

    def forward(self, tokens: Tensor, cell: Tensor) -> Tensor:
        """Output (B, number of branches, D) of each branch at a cell.

        Args:
            tokens: (B, Hf * Wf, C) feature map, row by row.
            cell: (B,) index of the cell, row by row; no device is synchronised with.
        """
        Hf, Wf = self.grid
        rows = torch.div(cell, Wf, rounding_mode='floor')[:, None] + self.row_step  # (B, 81)
        columns = (cell % Wf)[:, None] + self.column_step
        inside = (rows >= 0) & (rows < Hf) & (columns >= 0) & (columns < Wf)
        index = rows.clamp(0, Hf - 1) * Wf + columns.clamp(0, Wf - 1)
        patch = tokens.gather(1, index[..., None].expand(-1, -1, tokens.shape[-1]))
        patch = patch * inside[..., None].to(patch.dtype)  # (B, 81, C)
        around = patch[:, self._of('taps', 0)].flatten(2)  # (B, 49, 9 * C)
        patch = (around @ self._of('weight', 0) + self._of('bias', 0)).relu()
        patch = patch.unflatten(2, torch.Size((self.count, -1))).transpose(1, 2)
        for i in range(1, self.radius):  # patch (B, branches, 49 and fewer, D)
            inside = inside[:, self._of('taps', i - 1)[:, 4]]
            patch = patch * inside[:, None, :, None].to(patch.dtype)
            patch = patch[:, :, self._of('taps', i)].flatten(3)  # (B, branches, M, 9 * D)
            patch = (patch @ self._of('weight', i) + self._of('bias', i)[:, None]).relu()
        return (self.last_weight @ patch[:, :, 0, :, None])[..., 0] + self.last_bias

    def _of(self, name: str, layer: int) -> Tensor:
        found: Tensor = getattr(self, f'{name}{layer}')
        return found


def _as_matrix(weight: Tensor) -> Tensor:
    """(D, C, 3, 3) weights of a convolution to (9 * C, D), tap by tap."""
    return weight.permute(2, 3, 1, 0).flatten(0, 2)


def _taps(side: int) -> Tensor:
    """((side - 2) ** 2, 9) indices of the 3x3 cells around each inner cell of a square patch."""
    cells = torch.arange(float(side * side)).reshape(1, 1, side, side)
    return F.unfold(cells, 3)[0].T.long()
