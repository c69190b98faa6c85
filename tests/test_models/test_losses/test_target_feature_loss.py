import numpy as np
import pytest
import torch

from mmeatrack.models import TargetFeatureLoss

B, N, C = 3, 5, 4


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def mask() -> torch.Tensor:
    """Weights from 0 to 1, all 0 for the last sample."""
    weights = torch.rand(B, N, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    weights[0, 1:3], weights[2] = 0, 0
    return weights


def feature_loss_numpy(student, teacher, weights, reduction: str) -> float:
    """``1/B sum_i || M_i * x_i - M_i * y_i ||^2``, or the sum divided by ``C sum M^2``."""
    total = 0.0
    for x, y, m in zip(student, teacher, weights):
        total += np.linalg.norm(m[:, None] * x - m[:, None] * y) ** 2
    if reduction == 'paper':
        return total / len(student)
    return total / (max((weights**2).sum(), 1) * student.shape[-1])


@pytest.mark.parametrize('reduction', ['paper', 'mean'])
@pytest.mark.parametrize('weight', [1.0, 0.25])
def test_loss_is_the_equation(reduction: str, weight: float) -> None:
    student, teacher, weights = draw(B, N, C, seed=1), draw(B, N, C, seed=2), mask()
    loss = TargetFeatureLoss(reduction, loss_weight=weight)(student, teacher, weights)
    expected = feature_loss_numpy(student.numpy(), teacher.numpy(), weights.numpy(), reduction)
    assert loss.item() == pytest.approx(weight * expected, rel=1e-12)


def test_loss_by_hand() -> None:
    # One sample of two tokens: differences (3, 4) under weight 1 and (10, 0) under weight 0.5.
    student = torch.tensor([[[3.0, 4.0], [10.0, 0.0]]])
    loss = TargetFeatureLoss()(student, torch.zeros(1, 2, 2), torch.tensor([[1.0, 0.5]]))
    assert loss.item() == 25 + 25
    mean = TargetFeatureLoss('mean')(student, torch.zeros(1, 2, 2), torch.tensor([[1.0, 0.5]]))
    assert mean.item() == pytest.approx(50 / (1.25 * 2))


def test_mean_does_not_depend_on_the_size_of_the_target() -> None:
    student, teacher = torch.ones(1, 64, 8), torch.zeros(1, 64, 8)
    for cells in (1, 7, 64):
        weights = torch.zeros(1, 64)
        weights[:, :cells] = 1
        assert TargetFeatureLoss('mean')(student, teacher, weights).item() == pytest.approx(1)
        assert TargetFeatureLoss('paper')(student, teacher, weights).item() == 8 * cells


@pytest.mark.parametrize('reduction', ['paper', 'mean'])
def test_empty_mask_gives_zero_and_a_finite_gradient(reduction: str) -> None:
    student = draw(B, N, C).requires_grad_()
    loss = TargetFeatureLoss(reduction)(student, draw(B, N, C, seed=1), torch.zeros(B, N))
    assert loss.item() == 0
    loss.backward()
    assert torch.equal(student.grad, torch.zeros(B, N, C, dtype=torch.float64))


@pytest.mark.parametrize('reduction', ['paper', 'mean'])
def test_gradient_reaches_only_the_students_masked_tokens(reduction: str) -> None:
    student, teacher = draw(B, N, C).requires_grad_(), draw(B, N, C, seed=1).requires_grad_()
    TargetFeatureLoss(reduction)(student, teacher, mask()).backward()
    assert teacher.grad is None
    assert torch.equal(student.grad.abs().sum(dim=2) > 0, mask() > 0)


def test_gradient_is_the_derivative() -> None:
    student, teacher = draw(B, N, C).requires_grad_(), draw(B, N, C, seed=1)
    assert torch.autograd.gradcheck(lambda x: TargetFeatureLoss()(x, teacher, mask()), (student,))


def test_mask_may_be_boolean() -> None:
    student, teacher = draw(B, N, C), draw(B, N, C, seed=1)
    loss = TargetFeatureLoss()
    ours = loss(student, teacher, mask() > 0.5)
    assert ours.item() == loss(student, teacher, (mask() > 0.5).double()).item() > 0


@pytest.mark.parametrize('shape', [(B, N, 2 * C), (B, N + 1, C), (B + 1, N, C)])
def test_features_of_other_shapes_are_refused(shape) -> None:
    with pytest.raises(ValueError, match=r'differ in shape: .*an adapter') as error:
        TargetFeatureLoss()(draw(B, N, C), draw(*shape), mask())
    assert str((B, N, C)) in str(error.value)
    assert str(shape) in str(error.value)


def test_unknown_reduction_is_refused() -> None:
    with pytest.raises(ValueError, match=r"reduction='sum' is unknown; .*\['paper', 'mean'\]"):
        TargetFeatureLoss('sum')


def test_template_tokens_have_weight_one() -> None:
    student, teacher = draw(B, 2 + N, C, seed=1), draw(B, 2 + N, C, seed=2)
    whole = torch.cat((torch.ones(B, 2, dtype=torch.float64), mask()), dim=1)
    loss = TargetFeatureLoss('mean', tokens='all')(student, teacher, mask())
    expected = feature_loss_numpy(student.numpy(), teacher.numpy(), whole.numpy(), 'mean')
    assert loss.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ('tokens', 'count'), [('search', N + 2), ('search', N - 1), ('all', N - 1)]
)
def test_mask_of_another_length_is_refused(tokens: str, count: int) -> None:
    loss = TargetFeatureLoss(tokens=tokens)
    with pytest.raises(
        ValueError, match=rf'mask of {N} search tokens was given for {count} tokens'
    ):
        loss(draw(B, count, C), draw(B, count, C, seed=1), mask())


def test_unknown_tokens_are_refused() -> None:
    with pytest.raises(ValueError, match=r"tokens='both' is unknown; .*\['search', 'all'\]"):
        TargetFeatureLoss(tokens='both')


@pytest.mark.parametrize('reduction', ['paper', 'mean'])
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('scale', [1e-3, 30.0])
def test_half_precision_neither_overflows_nor_vanishes(
    reduction: str, dtype: torch.dtype, scale: float
) -> None:
    """In float16 a sum of squares above 65504 is infinite, and small squares are 0."""
    student, teacher = (scale * draw(B, 64, 32, seed=seed) for seed in (1, 2))
    student, teacher = student.to(dtype).requires_grad_(), teacher.to(dtype)
    weights = torch.ones(B, 64)
    loss = TargetFeatureLoss(reduction)(student, teacher, weights)
    loss.backward()
    exact = feature_loss_numpy(
        student.detach().double().numpy(), teacher.double().numpy(), weights.numpy(), reduction
    )
    assert loss.dtype is torch.float32
    assert loss.item() == pytest.approx(exact, rel=1e-5)
    assert torch.isfinite(student.grad).all()
