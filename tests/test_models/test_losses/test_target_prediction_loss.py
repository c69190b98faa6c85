import math

import numpy as np
import pytest
import torch

from mmeatrack.models import TargetPredictionLoss

B, H, W = 3, 4, 5


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(shape, generator=generator, dtype=torch.float64)


def mask() -> torch.Tensor:
    """Two cells of sample 0, twelve of sample 1, none of sample 2."""
    inside = torch.zeros(B, H, W)
    inside[0, 1, 2:4], inside[1, :3, 1:] = 1, 1
    return inside


def prediction_loss_numpy(student, teacher, inside, temperature, direction, support) -> float:
    """``1/B sum_i [ sum_j m_ij KL_ij ] / sum_j m_ij``, position by position."""
    total = 0.0
    for s, t, m in zip(student[:, 0], teacher[:, 0], inside):
        weight = m if support == 'target' else np.ones_like(m)
        p_s, p_t = (weight * np.exp(a / temperature) for a in (s, t))
        if not m.any():
            continue
        p_s, p_t = p_s[m > 0] / p_s.sum(), p_t[m > 0] / p_t.sum()
        p, q = (p_s, p_t) if direction == 'student_teacher' else (p_t, p_s)
        total += (p * np.log(p / q)).sum() / m.sum()
    return total / len(student)


@pytest.mark.parametrize('direction', ['student_teacher', 'teacher_student'])
@pytest.mark.parametrize('support', ['map', 'target'])
@pytest.mark.parametrize('temperature', [0.5, 1.0, 4.0])
@pytest.mark.parametrize('weight', [1.0, 10.0])
def test_loss_is_the_equation(
    direction: str, support: str, temperature: float, weight: float
) -> None:
    student, teacher = draw(B, 1, H, W, seed=1), draw(B, 1, H, W, seed=2)
    loss = TargetPredictionLoss(temperature, direction, support, weight)(student, teacher, mask())
    expected = prediction_loss_numpy(
        student.numpy(), teacher.numpy(), mask().numpy(), temperature, direction, support
    )
    assert loss.item() == pytest.approx(weight * expected, rel=1e-10)


def test_loss_by_hand() -> None:
    # Two positions: the student's 3/4 and 1/4, the teacher's 1/2 and 1/2; the first is the target.
    student = torch.tensor([[[[math.log(3), 0.0]]]], dtype=torch.float64)
    teacher = torch.zeros(1, 1, 1, 2, dtype=torch.float64)
    inside = torch.tensor([[[1.0, 0.0]]])
    printed = TargetPredictionLoss()(student, teacher, inside)
    assert printed.item() == pytest.approx(0.75 * math.log(0.75 / 0.5))
    hinton = TargetPredictionLoss(direction='teacher_student')(student, teacher, inside)
    assert hinton.item() == pytest.approx(0.5 * math.log(0.5 / 0.75))
    whole = TargetPredictionLoss()(student, teacher, torch.ones(1, 1, 2))
    divergence = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert whole.item() == pytest.approx(divergence / 2)


def test_support_by_hand() -> None:
    # Three positions, the first two the target: 3/4 and 1/4 of the student's mass there, 1/2 and
    # 1/2 of the teacher's, whatever the third position holds.
    student = torch.tensor([[[[math.log(3), 0.0, 5.0]]]], dtype=torch.float64)
    teacher = torch.tensor([[[[0.0, 0.0, -2.0]]]], dtype=torch.float64)
    inside = torch.tensor([[[1.0, 1.0, 0.0]]])
    loss = TargetPredictionLoss(support='target')(student, teacher, inside)
    divergence = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert loss.item() == pytest.approx(divergence / 2)


@pytest.mark.parametrize('direction', ['student_teacher', 'teacher_student'])
def test_targets_support_makes_it_a_divergence(direction: str) -> None:
    loss = TargetPredictionLoss(direction=direction, support='target')
    for seed in range(20):
        assert loss(draw(B, 1, H, W, seed=seed), draw(B, 1, H, W, seed=100 + seed), mask()) > 0


@pytest.mark.parametrize(('direction', 'sign'), [('student_teacher', -1), ('teacher_student', 1)])
def test_printed_sum_is_not_a_divergence(direction: str, sign: int) -> None:
    """A student that gives the target less than the teacher does is rewarded in one direction."""
    teacher = draw(B, 1, H, W)
    student = teacher - 3 * mask()[:, None]
    assert sign * TargetPredictionLoss(direction=direction)(student, teacher, mask()) > 0
    alone = TargetPredictionLoss(direction=direction, support='target')
    assert alone(student, teacher, mask()).item() == pytest.approx(0, abs=1e-12)


def test_softmax_is_over_the_logits() -> None:
    """A constant added to all logits changes nothing, as it would for their sigmoids."""
    student, teacher = draw(B, 1, H, W, seed=1), draw(B, 1, H, W, seed=2)
    loss = TargetPredictionLoss()
    shifted = loss(student + 5, teacher - 3, mask())
    assert shifted.item() == pytest.approx(loss(student, teacher, mask()).item(), rel=1e-9)


def test_equal_predictions_give_zero() -> None:
    student = draw(B, 1, H, W).requires_grad_()
    loss = TargetPredictionLoss()(student, student.detach().clone(), mask())
    assert loss.item() == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize('direction', ['student_teacher', 'teacher_student'])
@pytest.mark.parametrize('support', ['map', 'target'])
def test_empty_mask_gives_zero_and_a_finite_gradient(direction: str, support: str) -> None:
    student = draw(B, 1, H, W).requires_grad_()
    loss = TargetPredictionLoss(direction=direction, support=support)(
        student, draw(B, 1, H, W, seed=1), torch.zeros(B, H, W)
    )
    assert loss.item() == 0
    loss.backward()
    assert student.grad.abs().max() == 0


@pytest.mark.parametrize('direction', ['student_teacher', 'teacher_student'])
@pytest.mark.parametrize('support', ['map', 'target'])
def test_gradient_reaches_the_student_only(direction: str, support: str) -> None:
    student = draw(B, 1, H, W).requires_grad_()
    teacher = draw(B, 1, H, W, seed=1).requires_grad_()
    TargetPredictionLoss(direction=direction, support=support)(student, teacher, mask()).backward()
    assert teacher.grad is None
    touched = student.grad.abs().flatten(1).sum(dim=1) > 0
    assert touched.tolist() == [True, True, False]  # sample 2 shows no target


@pytest.mark.parametrize('direction', ['student_teacher', 'teacher_student'])
@pytest.mark.parametrize('support', ['map', 'target'])
def test_gradient_is_the_derivative(direction: str, support: str) -> None:
    student, teacher = draw(B, 1, H, W).requires_grad_(), draw(B, 1, H, W, seed=1)
    loss = TargetPredictionLoss(2.0, direction, support)
    assert torch.autograd.gradcheck(lambda x: loss(x, teacher, mask()), (student,))


@pytest.mark.parametrize('direction', ['student_teacher', 'teacher_student'])
@pytest.mark.parametrize('support', ['map', 'target'])
def test_extreme_logits_stay_finite(direction: str, support: str) -> None:
    student = (1e4 * draw(B, 1, H, W).float()).requires_grad_()
    loss = TargetPredictionLoss(direction=direction, support=support)(
        student, -1e4 * draw(B, 1, H, W).float(), mask()
    )
    assert torch.isfinite(loss)
    loss.backward()
    assert torch.isfinite(student.grad).all()


def test_any_weight_of_the_mask_counts_as_one() -> None:
    student, teacher = draw(B, 1, H, W, seed=1), draw(B, 1, H, W, seed=2)
    loss = TargetPredictionLoss()
    assert loss(student, teacher, 0.3 * mask()).item() == loss(student, teacher, mask()).item()


@pytest.mark.parametrize('shape', [(B, 1, H, W + 1), (B, 2, H, W), (B + 1, 1, H, W)])
def test_maps_of_other_shapes_are_refused(shape) -> None:
    with pytest.raises(ValueError, match=r'differ in shape: use the same crop sizes') as error:
        TargetPredictionLoss()(draw(B, 1, H, W), draw(*shape), mask())
    assert str(shape) in str(error.value)


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (dict(temperature=0.0), r'temperature=0.0 must be above 0'),
        (dict(temperature=-1.0), r'temperature=-1.0 must be above 0'),
        (dict(support='box'), r"support='box' is unknown; it is one of \['map', 'target'\]"),
        (dict(direction='both'), r"direction='both' is unknown; .*\['student_teacher', 'teacher_"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        TargetPredictionLoss(**arguments)


@pytest.mark.parametrize('support', ['map', 'target'])
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(support: str, dtype: torch.dtype) -> None:
    student, teacher = draw(B, 1, H, W, seed=1).to(dtype), draw(B, 1, H, W, seed=2).to(dtype)
    loss = TargetPredictionLoss(support=support)
    exact = loss(student.double(), teacher.double(), mask())
    found = loss(student, teacher, mask())
    assert found.dtype is torch.float32
    assert found.item() == pytest.approx(exact.item(), rel=1e-5)
