"""Target-aware prediction distillation, L_pred of EATrack."""

from torch import Tensor, nn

from mmeatrack.models.loss_terms import full_precision
from mmeatrack.models.losses.target_feature_loss import check_same_shape
from mmeatrack.registry import MODELS
from mmeatrack.structures.checks import check_choice

DIRECTIONS = ('student_teacher', 'teacher_student')
SUPPORTS = ('map', 'target')


@MODELS.register_module()
class TargetPredictionLoss(nn.Module):
    """Divergence of the score distributions, inside the target [1]_.

    The logits of the score map become a distribution over its positions,
    ``p = softmax(logits / T)``. Then ``L = 1/B sum_i [ sum_j m_ij KL_ij ] / sum_j m_ij``, with
    ``KL_ij = p_s log(p_s / p_t)`` as printed ('student_teacher') or ``p_t log(p_t / p_s)``
    ('teacher_student', as in [2]_).

    As printed, the distribution spans the whole map while the sum stays inside the target. Such a
    sum is not a divergence: it is negative, and lowest, if the student gives the target less than
    the teacher does. With ``support='target'`` the softmax spans the target's positions alone,
    which makes the sum a divergence.

    Args:
        temperature: T, above 0.
        direction: 'student_teacher' or 'teacher_student'.
        support: 'map' as printed, or 'target'.
        loss_weight: Factor of the loss.

    Raises:
        ValueError: If a value is out of range or unknown.

    References:
        .. [1] H. Yang et al. "Dual-branch Distilled Transformer for Efficient Asymmetric UAV
           Tracking". CVPR 2026. https://arxiv.org/abs/2605.28018
        .. [2] G. Hinton, O. Vinyals, J. Dean. "Distilling the Knowledge in a Neural Network".
           2015. https://arxiv.org/abs/1503.02531

    Example:
        >>> import torch
        >>> student = torch.tensor([[[[3.0, 0.0, 5.0]]]]).log()  # 3/8, 0 and 5/8
        >>> teacher = torch.tensor([[[[1.0, 1.0, 2.0]]]]).log()
        >>> inside = torch.tensor([[[1.0, 0.0, 1.0]]])  # the first and the third cell
        >>> loss = TargetPredictionLoss(support='target')
        >>> round(float(loss(student, teacher, inside)), 4)
        0.0019
    """

    mask_layout = 'map'

    def __init__(
        self,
        temperature: float = 1.0,
        direction: str = 'student_teacher',
        support: str = 'map',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f'temperature={temperature} must be above 0.')
        check_choice(DIRECTIONS, direction=direction)
        check_choice(SUPPORTS, support=support)
        self.temperature, self.loss_weight = temperature, loss_weight
        self.direction, self.support = direction, support

    def forward(self, student: Tensor, teacher: Tensor, target_mask: Tensor) -> Tensor:
        """Loss of a batch; no gradient reaches the teacher.

        Args:
            student, teacher: (B, 1, Hf, Wf) logits of the score map.
            target_mask: (B, Hf, Wf) binary m; any weight above 0 counts as 1.

        Returns:
            Scalar; samples with an empty mask add 0.

        Raises:
            ValueError: If the shapes differ.
        """
        check_same_shape(student, teacher)
        inside = (target_mask > 0).flatten(1)  # (B, Hf * Wf)
        log_p_s = self._log_distribution(student, inside)
        log_p_t = self._log_distribution(teacher.detach(), inside)
        logs = (log_p_s, log_p_t) if self.direction == 'student_teacher' else (log_p_t, log_p_s)
        divergence = logs[0].exp() * (logs[0] - logs[1])
        count = inside.sum(dim=1).clamp(min=1)  # (B,)
        return self.loss_weight * ((inside * divergence).sum(dim=1) / count).mean()

    def _log_distribution(self, logits: Tensor, inside: Tensor) -> Tensor:
        """(B, 1, Hf, Wf) logits to log p (B, Hf * Wf), meaningless outside the support."""
        logits = (full_precision(logits) / self.temperature).flatten(1)
        if self.support == 'target':
            # Not -inf, whose product with the mask's 0 would be NaN.
            logits = logits.masked_fill(~inside, -1e4)
        return logits.log_softmax(dim=1)
