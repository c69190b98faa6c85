"""Target-aware feature distillation, L_feat of EATrack (method, training losses)."""

from torch import Tensor, nn

from mmeatrack.models.shared_count import shared_count
from mmeatrack.registry import MODELS

REDUCTIONS = ('paper', 'mean')


@MODELS.register_module()
class TargetFeatureLoss(nn.Module):
    """Squared distance of masked tokens, for one pair of layers.

    ``paper``: ``1/B sum_i || M_i * x_i - M_i * y_i ||_2^2``, a sum over tokens and channels.
    ``mean``: the same over ``sum M^2 * C`` of the batch (:func:`shared_count`), so that neither the
    target's size nor the width changes the scale. The distiller's weight of 1/K makes it the mean
    over K pairs.

    Args:
        reduction: 'paper' or 'mean'.
        loss_weight: Factor of the loss.

    Raises:
        ValueError: If ``reduction`` is unknown.
    """

    mask_layout = 'tokens'

    def __init__(self, reduction: str = 'paper', loss_weight: float = 1.0) -> None:
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ValueError(
                f'reduction={reduction!r} is unknown; it is one of {list(REDUCTIONS)}.'
            )
        self.reduction, self.loss_weight = reduction, loss_weight

    def forward(self, student: Tensor, teacher: Tensor, target_mask: Tensor) -> Tensor:
        """Loss of a batch; no gradient reaches the teacher.

        Args:
            student: (B, N, C) tokens x.
            teacher: (B, N, C) tokens y.
            target_mask: (B, N) weights M.

        Returns:
            Scalar; 0 for an empty mask.

        Raises:
            ValueError: If the shapes differ.
        """
        check_same_shape(student, teacher)
        mask = target_mask.to(student.dtype)[..., None]  # (B, N, 1)
        squared = (mask * (student - teacher.detach())).pow(2).sum()
        if self.reduction == 'paper':
            return self.loss_weight * squared / student.shape[0]
        return self.loss_weight * squared / (shared_count(mask.pow(2).sum()) * student.shape[-1])


def check_same_shape(student: Tensor, teacher: Tensor) -> None:
    """Refuse a pair that cannot be compared.

    Raises:
        ValueError: If the shapes differ.
    """
    if student.shape != teacher.shape:
        raise ValueError(
            f'student {tuple(student.shape)} and teacher {tuple(teacher.shape)} differ in shape: '
            'use the same crop sizes and number of templates for both, and an adapter for a '
            'teacher of another width.'
        )
