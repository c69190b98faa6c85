"""Target-aware prediction distillation, L_pred of EATrack (method, training losses)."""

from torch import Tensor, nn

from mmeatrack.models.losses.target_feature_loss import check_same_shape
from mmeatrack.registry import MODELS

DIRECTIONS = ('student_teacher', 'teacher_student')


@MODELS.register_module()
class TargetPredictionLoss(nn.Module):
    """Divergence of the score distributions, inside the target.

    The logits of the score map become a distribution over its positions,
    ``p = softmax(logits / T)``. Then ``L = 1/B sum_i [ sum_j m_ij KL_ij ] / sum_j m_ij``, with
    ``KL_ij = p_s log(p_s / p_t)`` as printed ('student_teacher') or ``p_t log(p_t / p_s)``
    ('teacher_student', Hinton's).

    Args:
        temperature: T, above 0.
        direction: 'student_teacher' or 'teacher_student'.
        loss_weight: Factor of the loss.

    Raises:
        ValueError: If a value is out of range or unknown.
    """

    mask_layout = 'map'

    def __init__(
        self,
        temperature: float = 1.0,
        direction: str = 'student_teacher',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f'temperature={temperature} must be above 0.')
        if direction not in DIRECTIONS:
            raise ValueError(
                f'direction={direction!r} is unknown; it is one of {list(DIRECTIONS)}.'
            )
        self.temperature, self.direction, self.loss_weight = temperature, direction, loss_weight

    def forward(self, student: Tensor, teacher: Tensor, target_mask: Tensor) -> Tensor:
        """Loss of a batch; no gradient reaches the teacher.

        Args:
            student: (B, 1, Hf, Wf) logits of the score map.
            teacher: (B, 1, Hf, Wf) logits of the score map.
            target_mask: (B, Hf, Wf) binary m; any weight above 0 counts as 1.

        Returns:
            Scalar; samples with an empty mask add 0.

        Raises:
            ValueError: If the shapes differ.
        """
        check_same_shape(student, teacher)
        log_p_s = (student / self.temperature).flatten(1).log_softmax(dim=1)  # (B, Hf * Wf)
        log_p_t = (teacher.detach() / self.temperature).flatten(1).log_softmax(dim=1)
        if self.direction == 'student_teacher':
            divergence = log_p_s.exp() * (log_p_s - log_p_t)
        else:
            divergence = log_p_t.exp() * (log_p_t - log_p_s)
        mask = (target_mask > 0).to(divergence.dtype).flatten(1)  # (B, Hf * Wf)
        inside = (mask * divergence).sum(dim=1) / mask.sum(dim=1).clamp(min=1)  # (B,)
        return self.loss_weight * inside.mean()
