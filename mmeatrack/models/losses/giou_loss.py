"""Generalised IoU of predicted and ground-truth boxes, pair by pair."""

from typing import Optional, Tuple, Union

import torch
from torch import Tensor, nn

from mmeatrack.registry import MODELS

_EPSILON = 1e-6  # smallest area, as in mmdet


def aligned_overlaps(boxes: Tensor, others: Tensor) -> Tuple[Tensor, Tensor]:
    """Return the IoU and the generalised IoU (N,) of boxes (N, 4), xyxy, row by row."""
    inner = (torch.min(boxes, others)[:, 2:] - torch.max(boxes, others)[:, :2]).clamp(min=0)
    hull = (torch.max(boxes, others)[:, 2:] - torch.min(boxes, others)[:, :2]).clamp(min=0)
    overlap = inner[:, 0] * inner[:, 1]
    union = (_area(boxes) + _area(others) - overlap).clamp(min=_EPSILON)
    hull_area = (hull[:, 0] * hull[:, 1]).clamp(min=_EPSILON)
    iou = overlap / union
    return iou, iou - (hull_area - union) / hull_area


@MODELS.register_module()
class AlignedGIoULoss(nn.Module):
    """mmdet's ``GIoULoss`` [1]_ without a wait for the GPU.

    mmdet checks at each step whether any weight is above 0, and copies its epsilon to the device:
    the host waits twice.

    References:
        .. [1] H. Rezatofighi et al. "Generalized Intersection over Union". CVPR 2019.
           https://arxiv.org/abs/1902.09630

    Example:
        >>> import torch
        >>> loss = AlignedGIoULoss()  # two halves of a square: no overlap, no gap
        >>> loss(torch.tensor([[0.0, 0, 1, 2]]), torch.tensor([[1.0, 0, 2, 2]]), torch.ones(1))
        tensor(1.)
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self,
        boxes: Tensor,
        targets: Tensor,
        weight: Tensor,
        avg_factor: Optional[Union[float, Tensor]] = None,
    ) -> Tensor:
        """Weighted sum of ``1 - GIoU`` over a normaliser.

        Args:
            boxes, targets: (N, 4) xyxy.
            weight: (N,).
            avg_factor: Normaliser, above 0; by default N.
        """
        _, giou = aligned_overlaps(boxes, targets)
        total = (weight * (1 - giou)).sum()
        return self.loss_weight * total / (len(boxes) if avg_factor is None else avg_factor)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
