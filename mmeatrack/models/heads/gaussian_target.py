"""Training target of the score map: a Gaussian around the centre of each box."""

from typing import Tuple

import torch
from torch import Tensor


def gaussian_radius(height: Tensor, width: Tensor, min_overlap: float) -> Tensor:
    """Radius (B,) of the Gaussian in cells, as in CornerNet, CenterNet and OSTrack.

    A box of this height and width (B,), in cells, keeps an overlap of about ``min_overlap`` when
    shifted by the radius. As in these projects, the roots of the three overlap equations are
    divided by 2 instead of 2a. With the exact ones, as in mmdet, most targets are a single cell.
    """
    side, area = height + width, height * width
    roots = [
        (b + (b * b - 4 * a * c).sqrt()) / 2
        for a, b, c in (
            (1.0, side, area * (1 - min_overlap) / (1 + min_overlap)),
            (4.0, 2 * side, area * (1 - min_overlap)),
            (4 * min_overlap, -2 * min_overlap * side, area * (min_overlap - 1)),
        )
    ]
    return torch.stack(roots).amin(dim=0).clamp(min=0.0)


def count_boxes(bbox_cxcywh: Tensor) -> Tensor:
    """Count the boxes (B, 4) that are not empty."""
    return (bbox_cxcywh[:, 2:] > 0).all(dim=1).sum()


def count_centres(bbox_cxcywh: Tensor) -> Tensor:
    """Count the boxes (B, 4) with their centre on the map of :func:`gaussian_map`."""
    return _has_centre(bbox_cxcywh).sum()


def _has_centre(bbox_cxcywh: Tensor) -> Tensor:
    centre, size = bbox_cxcywh[:, :2], bbox_cxcywh[:, 2:]
    return ((centre >= 0) & (centre < 1) & (size > 0)).all(dim=1)


def gaussian_map(
    bbox_cxcywh: Tensor, grid: Tuple[int, int], min_overlap: float, gaussian: str = 'centernet'
) -> Tensor:
    """CenterNet's target: 1 in the cell of the centre, and a Gaussian around it.

    Args:
        bbox_cxcywh: (B, 4) centre and size over the search crop's side.
        grid: ``(Hf, Wf)``.
        min_overlap: See :func:`gaussian_radius`.
        gaussian: 'centernet' rounds the size up to whole cells; 'ostrack' does not, which makes
            the radius smaller by one cell for about a quarter of usual targets.

    Returns:
        (B, 1, Hf, Wf); all 0 for a box that is empty or has its centre outside the crop.
    """
    Hf, Wf = grid
    cx, cy, w, h = bbox_cxcywh.double().unbind(dim=1)  # (B,)
    shown = _has_centre(bbox_cxcywh)
    height, width = h * Hf, w * Wf
    if gaussian == 'centernet':
        height, width = height.ceil(), width.ceil()
    radius = gaussian_radius(height, width, min_overlap).floor()
    spread = 2 * ((2 * radius + 1) / 6) ** 2
    dx = torch.arange(Wf, device=cx.device) - (cx * Wf).round().clamp(max=Wf - 1)[:, None]
    dy = torch.arange(Hf, device=cx.device) - (cy * Hf).round().clamp(max=Hf - 1)[:, None]
    dx, dy = dx[:, None, :], dy[:, :, None]  # (B, 1, Wf), (B, Hf, 1)
    reach = radius[:, None, None]
    inside = (dx.abs() <= reach) & (dy.abs() <= reach) & shown[:, None, None]
    heat = (-(dx * dx + dy * dy) / spread[:, None, None]).exp()  # (B, Hf, Wf)
    return heat.masked_fill(~inside, 0.0).to(bbox_cxcywh.dtype)[:, None]
