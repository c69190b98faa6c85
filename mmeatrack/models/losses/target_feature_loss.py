"""Target-aware feature distillation, L_feat of EATrack."""

from typing import Optional

from torch import Tensor, nn
from torch.nn import functional as F

from mmeatrack.models.loss_terms import full_precision, shared_count
from mmeatrack.registry import MODELS
from mmeatrack.structures.checks import check_choice

REDUCTIONS = ('paper', 'mean')
TOKENS = ('search', 'all')


@MODELS.register_module()
class TargetFeatureLoss(nn.Module):
    """Squared distance of masked tokens, for one pair of layers [1]_.

    ``paper``: ``1/B sum_i || M_i * x_i - M_i * y_i ||_2^2``, a sum over tokens and channels.
    ``mean``: the same sum divided by the batch's ``sum M^2 * C`` (:func:`shared_count`), so that
    the scale depends neither on the target's size nor on the width. With the distiller's weight of
    1/K, the losses of K pairs add up to their mean.

    Args:
        reduction: 'paper' or 'mean'.
        loss_weight: Factor of the loss.
        tokens: 'search' compares the search tokens; 'all' also the template tokens before them,
            with weight 1.

    Raises:
        ValueError: If ``reduction`` or ``tokens`` is unknown.

    References:
        .. [1] H. Yang et al. "Dual-branch Distilled Transformer for Efficient Asymmetric UAV
           Tracking". CVPR 2026. https://arxiv.org/abs/2605.28018

    Example:
        >>> import torch
        >>> student = torch.tensor([[[3.0, 4.0], [10.0, 0.0]]])  # B = 1, N = 2, C = 2
        >>> TargetFeatureLoss()(student, torch.zeros(1, 2, 2), torch.tensor([[1.0, 0.5]]))
        tensor(50.)
    """

    mask_layout = 'tokens'

    def __init__(
        self, reduction: str = 'paper', loss_weight: float = 1.0, tokens: str = 'search'
    ) -> None:
        super().__init__()
        check_choice(REDUCTIONS, reduction=reduction)
        check_choice(TOKENS, tokens=tokens)
        self.reduction, self.loss_weight, self.tokens = reduction, loss_weight, tokens

    def forward(
        self,
        student: Tensor,
        teacher: Tensor,
        target_mask: Tensor,
        mask_count: Optional[Tensor] = None,
    ) -> Tensor:
        """Loss of a batch; no gradient reaches the teacher.

        Args:
            student: (B, N, C) tokens x.
            teacher: (B, N, C) tokens y.
            target_mask: (B, Nx) weights M of the search tokens, the last Nx of N.
            mask_count: Scalar ``sum M^2`` of the search tokens, averaged over processes, which
                :class:`EATrackDistiller` passes; by default it is computed here.

        Returns:
            Scalar, float32 for half precision; 0 for an empty mask.

        Raises:
            ValueError: If the shapes do not fit.
        """
        check_same_shape(student, teacher)
        student, teacher = full_precision(student), full_precision(teacher)
        before = student.shape[1] - target_mask.shape[1]  # template tokens, of weight 1
        if before < 0 or (before and self.tokens == 'search'):
            raise ValueError(
                f'a mask of {target_mask.shape[1]} search tokens was given for {student.shape[1]} '
                "tokens: select the search tokens by mmeatrack.SearchTokens, or set tokens='all' "
                'if template tokens come before them.'
            )
        mask = target_mask.to(student.dtype)
        if before:
            mask = F.pad(mask, (before, 0), value=1)
        squared = (mask[..., None] * (student - teacher.detach())).pow(2).sum()
        if self.reduction == 'paper':
            return self.loss_weight * squared / len(student)
        if mask_count is None:
            count = shared_count(mask.pow(2).sum())
        else:
            count = mask_count + len(student) * before
        return self.loss_weight * squared / (count * student.shape[-1])


def check_same_shape(student: Tensor, teacher: Tensor) -> None:
    """Refuse tokens or maps of different shapes (ValueError)."""
    if student.shape != teacher.shape:
        raise ValueError(
            f'student {tuple(student.shape)} and teacher {tuple(teacher.shape)} differ in shape: '
            'use the same crop sizes and number of templates for both, and an adapter for a '
            'teacher of another width.'
        )
