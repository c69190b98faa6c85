"""Target-aware feature distillation, L_feat of EATrack."""

from typing import Optional

from torch import Tensor, nn
from torch.nn import functional as F

from mmeatrack.models.loss_terms import full_precision, shared_count
from mmeatrack.registry import MODELS

REDUCTIONS = ('paper', 'mean')
TOKENS = ('search', 'all')


@MODELS.register_module()
class TargetFeatureLoss(nn.Module):
    """Squared distance of masked tokens, for one pair of layers [1]_.

    ``paper``: ``1/B sum_i || M_i * x_i - M_i * y_i ||_2^2``, a sum over tokens and channels.
    ``mean``: the same over ``sum M^2 * C`` of the batch (:func:`shared_count`), so that neither the
    target's size nor the width changes the scale. The distiller's weight of 1/K makes it the mean
    over K pairs.

    Args:
        reduction: 'paper' or 'mean'.
        loss_weight: Factor of the loss.
        tokens: 'search' takes the search tokens alone; 'all' those of the templates before them,
            too, whose weight is 1.

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
        if reduction not in REDUCTIONS:
            raise ValueError(
                f'reduction={reduction!r} is unknown; it is one of {list(REDUCTIONS)}.'
            )
        if tokens not in TOKENS:
            raise ValueError(f'tokens={tokens!r} is unknown; it is one of {list(TOKENS)}.')
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
            mask_count: Scalar ``sum M^2`` of the search tokens, averaged over processes; by default
                it is counted here. :class:`EATrackDistiller` gives it.

        Returns:
            Scalar, of float32 for halves; 0 for an empty mask. ValueError if the shapes differ.
        """
        check_same_shape(student, teacher)
        student, teacher = full_precision(student), full_precision(teacher)
        mask = self._whole_mask(target_mask.to(student.dtype), student.shape[1])[..., None]
        squared = (mask * (student - teacher.detach())).pow(2).sum()
        if self.reduction == 'paper':
            return self.loss_weight * squared / student.shape[0]
        if mask_count is None:
            count = shared_count(mask.pow(2).sum())
        else:  # the templates' weights are 1
            count = mask_count + len(student) * (student.shape[1] - target_mask.shape[1])
        return self.loss_weight * squared / (count * student.shape[-1])

    def _whole_mask(self, target_mask: Tensor, num_tokens: int) -> Tensor:
        """(B, Nx) -> (B, N)."""
        before = num_tokens - target_mask.shape[1]
        if before < 0 or (before and self.tokens == 'search'):
            raise ValueError(
                f'a mask of {target_mask.shape[1]} search tokens was given for {num_tokens} '
                "tokens: take the search tokens by mmeatrack.SearchTokens, or set tokens='all' "
                'for those of the templates before them.'
            )
        return F.pad(target_mask, (before, 0), value=1) if before else target_mask


def check_same_shape(student: Tensor, teacher: Tensor) -> None:
    """Refuse tokens or maps of different shapes (ValueError)."""
    if student.shape != teacher.shape:
        raise ValueError(
            f'student {tuple(student.shape)} and teacher {tuple(teacher.shape)} differ in shape: '
            'use the same crop sizes and number of templates for both, and an adapter for a '
            'teacher of another width.'
        )
