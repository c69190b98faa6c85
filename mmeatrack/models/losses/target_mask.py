"""Masks of the target on the search crop's grid (M and m of the losses)."""

from typing import Protocol, Tuple

import torch
from torch import Tensor, nn

from mmeatrack.registry import MODELS
from mmeatrack.structures.checks import check_choice

SHAPES = ('hard', 'soft', 'gaussian')
MASK_LAYOUTS = ('tokens', 'map')


class MaskedLoss(Protocol):
    """Distillation loss that weights positions by the target's mask.

    :class:`EATrackDistiller` passes the mask to every loss whose ``forward`` has the argument
    ``target_mask``, and ``sum M^2`` averaged over processes to one that has ``mask_count``. The
    config maps the other arguments.

    Attributes:
        mask_layout: 'tokens' for M of L_feat, (B, Nx), or 'map' for m of L_pred, (B, Hf, Wf).
    """

    mask_layout: str

    def forward(self, student: Tensor, teacher: Tensor, target_mask: Tensor) -> Tensor:
        """Scalar loss of a batch."""


@MODELS.register_module()
class TargetMask(nn.Module):
    """Weight of each cell of the search grid, by the ground-truth box.

    ``hard``: 1 for the cells whose centre lies in the box, 0 for the others. ``soft``: the share of
    the cell that the box covers. ``gaussian``: ``exp(-(u^2 + v^2) / (2 sigma^2))``, where u and v
    are the distances from the box's centre in half widths and half heights. The cell that holds
    the box's centre always has weight 1, so that no target is too small for the grid.

    Args:
        shape: 'hard', 'soft' or 'gaussian'.
        background: Minimum weight of all cells, if the crop shows the target.
        sigma: Standard deviation of the Gaussian in half sides of the box.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> mask = TargetMask('soft')
        >>> mask(torch.tensor([[0.5, 0.25, 0.75, 0.5]]), grid=(2, 4))
        tensor([[[0.5000, 1.0000, 1.0000, 0.5000],
                 [0.0000, 0.0000, 0.0000, 0.0000]]])
    """

    def __init__(self, shape: str = 'hard', background: float = 0.0, sigma: float = 0.75) -> None:
        super().__init__()
        check_choice(SHAPES, shape=shape)
        if not 0 <= background < 1 or sigma <= 0:
            raise ValueError(
                f'background={background}, sigma={sigma}: background must be in [0, 1) and sigma '
                'above 0.'
            )
        self.shape, self.background, self.sigma = shape, background, sigma

    def forward(self, bbox_cxcywh: Tensor, grid: Tuple[int, int]) -> Tensor:
        """Weights (B, Hf, Wf), 0 to 1, of boxes (B, 4), cxcywh over the search crop's side.

        All are 0 if the box is empty, not finite or has its centre outside the crop.
        """
        Hf, Wf = grid
        cx, cy, w, h = bbox_cxcywh.unbind(dim=1)
        cx, cy, half_w, half_h = cx * Wf, cy * Hf, w * Wf / 2, h * Hf / 2  # in cells
        x = torch.arange(Wf, device=cx.device) + 0.5
        y = torch.arange(Hf, device=cx.device) + 0.5
        profile = self._gaussian if self.shape == 'gaussian' else self._coverage
        weight_x, weight_y = profile(x, cx, half_w), profile(y, cy, half_h)
        mask = weight_y[:, :, None] * weight_x[:, None, :]  # (B, Hf, Wf)
        at_centre = _same_cell(y, cy)[:, :, None] & _same_cell(x, cx)[:, None]
        mask = torch.where(at_centre, torch.ones_like(mask), mask).clamp(min=self.background)
        # A NaN box has no centre cell, so this also clears its NaN weights.
        size = bbox_cxcywh[:, 2:]
        valid = at_centre.flatten(1).any(dim=1) & (size > 0).all(dim=1) & size.isfinite().all(dim=1)
        return torch.where(valid[:, None, None], mask, torch.zeros_like(mask))

    def _coverage(self, cell: Tensor, centre: Tensor, half: Tensor) -> Tensor:
        """(B, n) weight along one side; ``cell`` (n,) cell centres."""
        low, high = (centre - half)[:, None], (centre + half)[:, None]
        if self.shape == 'hard':
            return ((cell >= low) & (cell <= high)).to(centre.dtype)
        return (torch.minimum(cell + 0.5, high) - torch.maximum(cell - 0.5, low)).clamp(0, 1)

    def _gaussian(self, cell: Tensor, centre: Tensor, half: Tensor) -> Tensor:
        distance = (cell - centre[:, None]) / half.clamp(min=1e-6)[:, None]
        return torch.exp(-(distance**2) / (2 * self.sigma**2))


def _same_cell(cell: Tensor, centre: Tensor) -> Tensor:
    """(B, n) True for the cell that holds ``centre``."""
    return (cell - 0.5) == centre.floor()[:, None]
