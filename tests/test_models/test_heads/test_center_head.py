import math

import numpy as np
import pytest
import torch

from mmeatrack.models import CenterHead
from mmeatrack.models.heads import CenterHeadOutput
from mmeatrack.models.heads.center_head import hann_window, sigmoid_clamped
from tests.test_models.test_heads.references import gaussian_numpy
from tests.toys import build

GRID = 4


@pytest.fixture
def head() -> CenterHead:
    return build(dict(type='mmeatrack.CenterHead', in_channels=6, feat_channels=8))


def logit(value: float) -> float:
    return math.log(value / (1 - value))


def known_maps(**cells) -> CenterHeadOutput:
    """Maps of one sample, 0.01 everywhere but at ``cells``: r<row>c<column>=(score, x, y, w, h)."""
    score = torch.full((1, 1, GRID, GRID), logit(0.01))
    offset, size = torch.zeros(1, 2, GRID, GRID), torch.full((1, 2, GRID, GRID), logit(0.5))
    for name, (peak, x, y, w, h) in cells.items():
        row, column = int(name[1]), int(name[3])
        score[0, 0, row, column] = logit(peak)
        offset[0, :, row, column] = torch.tensor([x, y])
        size[0, :, row, column] = torch.tensor([logit(w), logit(h)])
    return CenterHeadOutput(score, offset, size)


def random_maps(
    batch_size: int = 2, seed: int = 0, dtype=torch.float64, grid: int = GRID
) -> CenterHeadOutput:
    generator = torch.Generator().manual_seed(seed)
    shapes = [(batch_size, channels, grid, grid) for channels in (1, 2, 2)]
    maps = [torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]
    return CenterHeadOutput(*(tensor.requires_grad_() for tensor in maps))


# Forward


def test_maps_of_the_head(head) -> None:
    output = head(torch.randn(2, 6, GRID, GRID))
    assert output.score.shape == (2, 1, GRID, GRID)
    assert output.offset.shape == output.size.shape == (2, 2, GRID, GRID)
    assert output[0] is output.score  # what a recorder's data_idx=0 means


def test_losses_of_saturated_scores_in_mixed_precision(head) -> None:
    head.score_branch[-1].bias.data.fill_(20)
    features, boxes = torch.randn(2, 6, 4, 4), torch.tensor([[0.4, 0.5, 0.3, 0.4]] * 2)
    exact = head.loss(head(features), boxes)
    with torch.autocast('cpu', torch.bfloat16):
        output = head(features)
        mixed = head.loss(output, boxes)
    assert {maps.dtype for maps in output} == {torch.float32}
    for name, value in exact.items():
        assert mixed[name].item() == pytest.approx(value.item(), rel=0.02), name


def test_branches_halve_their_width(head) -> None:
    widths = [layer[0].out_channels for layer in head.score_branch[:-1]]
    assert widths == [8, 4, 2, 1]
    assert [layer[0].kernel_size for layer in head.score_branch[:-1]] == [(3, 3)] * 4
    assert head.size_branch[-1].out_channels == 2


def test_untrained_scores_are_low(head) -> None:
    scores = head.eval()(torch.zeros(1, 6, GRID, GRID)).score.sigmoid()
    # The prior of 0.1, give or take what the last convolution adds.
    assert head.score_branch[-1].bias.item() == pytest.approx(logit(0.1))
    assert 0.02 < float(scores.mean()) < 0.4


def test_width_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r'feat_channels=12 cannot be halved 3 times.*multiple of 8'
    ):
        build(dict(type='mmeatrack.CenterHead', in_channels=6, feat_channels=12))


def test_sigmoid_stays_off_its_limits() -> None:
    values = sigmoid_clamped(torch.tensor([-100.0, 0.0, 100.0], dtype=torch.float64))
    assert values.tolist() == pytest.approx([1e-4, 0.5, 1 - 1e-4])


# Prediction


@pytest.mark.parametrize('n', [4, 16])
def test_hann_window_follows_the_formula(n: int) -> None:
    side = np.array([0.5 * (1 - math.cos(2 * math.pi * k / (n + 1))) for k in range(1, n + 1)])
    np.testing.assert_allclose(hann_window(n).numpy(), np.outer(side, side), atol=1e-6)


def test_box_is_read_at_the_peak(head) -> None:
    output = known_maps(r2c1=(0.8, 0.25, 0.5, 0.3, 0.6))
    prediction = head.predict(output, torch.ones(GRID, GRID))
    assert prediction.cell.tolist() == [2 * GRID + 1]
    assert prediction.score.tolist() == pytest.approx([0.8])
    # x (1 + 0.25) / 4, y (2 + 0.5) / 4.
    assert prediction.bbox_cxcywh[0].tolist() == pytest.approx([0.3125, 0.625, 0.3, 0.6])


def test_offset_may_be_negative_and_size_is_clamped(head) -> None:
    output = known_maps(r0c3=(0.8, -0.75, 1.5, 0.99999, 0.00001))
    box = head.predict(output, torch.ones(GRID, GRID)).bbox_cxcywh[0].tolist()
    assert box == pytest.approx([2.25 / 4, 1.5 / 4, 1 - 1e-4, 1e-4], rel=1e-4)


def test_window_prefers_the_peak_near_the_middle(head) -> None:
    output = known_maps(r0c0=(0.9, 0, 0, 0.5, 0.5), r1c2=(0.6, 0, 0, 0.5, 0.5))
    alone = head.predict(output, torch.ones(GRID, GRID))
    windowed = head.predict(output, hann_window(GRID))
    assert alone.cell.tolist() == [0]
    assert windowed.cell.tolist() == [1 * GRID + 2]
    # The score is that of the map, before the window.
    assert windowed.score.tolist() == pytest.approx([0.6])


def test_each_sample_has_its_prior(head) -> None:
    one = known_maps(r0c0=(0.9, 0, 0, 0.5, 0.5), r3c3=(0.8, 0, 0, 0.2, 0.4))
    output = CenterHeadOutput(*(torch.cat((tensor, tensor)) for tensor in one))
    prior = torch.ones(2, GRID, GRID)
    prior[1, 0, 0] = 0
    prediction = head.predict(output, prior)
    assert prediction.cell.tolist() == [0, 15]
    assert prediction.bbox_cxcywh[1].tolist() == pytest.approx([0.75, 0.75, 0.2, 0.4])


def test_rows_and_columns_are_not_mixed_up(head) -> None:
    """On a grid of 2 rows and 3 columns."""
    score = torch.full((1, 1, 2, 3), -5.0)
    score[0, 0, 1, 2] = 5.0
    output = CenterHeadOutput(score, torch.zeros(1, 2, 2, 3), torch.zeros(1, 2, 2, 3))
    prediction = head.predict(output, torch.ones(2, 3))
    assert prediction.cell.tolist() == [5]
    assert prediction.bbox_cxcywh[0].tolist() == pytest.approx([2 / 3, 1 / 2, 0.5, 0.5])


# Losses


def losses_numpy(output: CenterHeadOutput, boxes: np.ndarray) -> dict:
    """Reference implementation of L_cls, 5 L_1 and 2 L_GIoU."""
    grid = output.score.shape[-1]
    score, offset, size = (tensor.detach().numpy() for tensor in output)
    score, size = (np.clip(1 / (1 + np.exp(-a)), 1e-4, 1 - 1e-4) for a in (score, size))
    focal, positives, l1, giou, iou = 0.0, 0, [], [], []
    for i, box in enumerate(boxes):
        heat = gaussian_numpy(box, grid)
        p, positive = score[i, 0], heat == 1
        focal += -(positive * (1 - p) ** 2 * np.log(p)).sum()
        focal += -(~positive * (1 - heat) ** 4 * p**2 * np.log(1 - p)).sum()
        positives += int(positive.sum())
        row, column = np.unravel_index((p * heat).argmax(), p.shape)
        cx = (column + offset[i, 0, row, column]) / grid
        cy = (row + offset[i, 1, row, column]) / grid
        ours = corners((cx, cy, size[i, 0, row, column], size[i, 1, row, column]))
        truth = corners(box)
        l1.append(np.abs(ours - truth))
        overlap, generalised = overlaps(ours, truth)
        iou.append(overlap)
        giou.append(1 - generalised)
    return dict(
        loss_cls=focal / max(positives, 1),
        loss_bbox=5 * np.mean(l1),
        loss_iou=2 * np.mean(giou),
        iou=np.mean(iou),
    )


def corners(box) -> np.ndarray:
    cx, cy, w, h = box
    return np.array([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])


def overlaps(a: np.ndarray, b: np.ndarray):
    """IoU and generalised IoU of two boxes xyxy."""

    def area(low, high):
        return np.prod(np.maximum(high - low, 0))

    inter = area(np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:]))
    union = area(a[:2], a[2:]) + area(b[:2], b[2:]) - inter
    hull = area(np.minimum(a[:2], b[:2]), np.maximum(a[2:], b[2:]))
    return inter / union, inter / union - (hull - union) / hull


@pytest.mark.parametrize(('grid', 'sides'), [(4, (0.2, 0.8)), (16, (0.85, 0.95))])
@pytest.mark.parametrize('seed', range(3))
def test_losses_follow_the_formulas(head, seed: int, grid: int, sides) -> None:
    """Boxes of 14 cells have a Gaussian wider than one cell, so that beta matters."""
    output, draw = random_maps(3, seed, grid=grid), np.random.default_rng(seed)
    boxes = np.hstack((draw.uniform(0.1, 0.9, (3, 2)), draw.uniform(*sides, (3, 2))))
    losses = head.loss(output, torch.from_numpy(boxes))
    expected = losses_numpy(output, boxes)
    assert set(losses) == set(expected)
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value, rel=1e-6), name


def test_perfect_maps_cost_almost_nothing(head) -> None:
    output = known_maps(r2c1=(0.9999, 0.25, -0.5, 0.3, 0.6))
    losses = head.loss(output, torch.tensor([[1.25 / 4, 1.5 / 4, 0.3, 0.6]]))
    assert losses['loss_bbox'].item() == pytest.approx(0, abs=1e-5)
    assert losses['loss_iou'].item() == pytest.approx(0, abs=1e-4)
    assert losses['iou'].item() == pytest.approx(1, abs=1e-4)
    # 15 cells of 0.01: 0.01^2 * -log(0.99) each at most.
    assert 0 < losses['loss_cls'].item() < 15 * 1e-4 * 0.0101


def test_weights_of_the_losses_are_config_values() -> None:
    boxes, output = torch.tensor([[0.4, 0.5, 0.3, 0.4]] * 2, dtype=torch.float64), random_maps()
    usual = build(dict(type='mmeatrack.CenterHead', in_channels=6, feat_channels=8))
    other = build(
        dict(
            type='mmeatrack.CenterHead',
            in_channels=6,
            feat_channels=8,
            loss_cls=dict(type='mmdet.GaussianFocalLoss', alpha=2.0, gamma=4.0, loss_weight=3.0),
            loss_bbox=dict(type='mmdet.L1Loss', loss_weight=10.0),
            loss_iou=dict(type='mmdet.GIoULoss', loss_weight=1.0),
        )
    )
    ours, theirs = usual.loss(output, boxes), other.loss(output, boxes)
    for name, ratio in dict(loss_cls=3.0, loss_bbox=2.0, loss_iou=0.5, iou=1.0).items():
        assert theirs[name].item() == pytest.approx(ratio * ours[name].item())


@pytest.mark.parametrize(
    'box',
    [
        (0.5, 0.5, 0.0, 0.0),
        (0.5, 0.5, 0.3, 0.0),
        (1.5, 0.5, 0.3, 0.3),
        (-2.0, -2.0, 0.3, 0.3),
        (0.5, 0.5, 3.0, 3.0),
        (0.0, 1.0, 1e-9, 1e-9),
    ],
)
def test_gradients_are_finite_for_degenerate_boxes(head, box) -> None:
    output = random_maps(1, dtype=torch.float32)
    losses = head.loss(output, torch.tensor([box]))
    assert all(torch.isfinite(value) for value in losses.values())
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    assert all(torch.isfinite(tensor.grad).all() for tensor in output)
    assert output.score.grad.abs().max() > 0


def test_gradients_are_finite_for_extreme_logits(head) -> None:
    output = CenterHeadOutput(*((1e4 * t.detach()).requires_grad_() for t in random_maps()))
    losses = head.loss(output, torch.tensor([[0.4, 0.5, 0.3, 0.4]] * 2, dtype=torch.float64))
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    assert all(torch.isfinite(tensor.grad).all() for tensor in output)


def test_box_is_read_near_the_target_in_training(head) -> None:
    """A stray peak elsewhere must not affect the regression losses."""
    output = known_maps(r0c0=(0.99, 0, 0, 0.9, 0.9), r2c2=(0.3, 0, 0, 0.5, 0.5))
    losses = head.loss(output, torch.tensor([[0.5, 0.5, 0.5, 0.5]]))
    assert losses['iou'].item() == pytest.approx(1, abs=1e-4)


def test_mean_overlap_has_no_gradient(head) -> None:
    losses = head.loss(random_maps(), torch.tensor([[0.4, 0.5, 0.3, 0.4]] * 2).double())
    assert not losses['iou'].requires_grad


def test_crop_without_the_target_trains_the_score_map_only(head) -> None:
    torch.manual_seed(0)
    maps = CenterHeadOutput(*(torch.randn(2, channels, 4, 4) for channels in (1, 2, 2)))
    first = CenterHeadOutput(*(each[:1] for each in maps))
    box = torch.tensor([[0.5, 0.4, 0.3, 0.2]])
    alone = head.loss(first, box)
    both = head.loss(maps, torch.cat((box, torch.zeros(1, 4))))
    for name in ('loss_bbox', 'loss_iou', 'iou'):
        assert float(both[name]) == pytest.approx(float(alone[name]), rel=1e-5)
    # The focal loss of a map that should be 0 everywhere: -p^2 log(1 - p), one positive in all.
    p = torch.sigmoid(maps.score[1].double())
    expected = float(alone['loss_cls']) + float(-(p**2 * torch.log(1 - p)).sum())
    assert float(both['loss_cls']) == pytest.approx(expected, rel=1e-4)


def test_batch_without_targets_has_no_box_loss(head) -> None:
    maps = CenterHeadOutput(*(torch.zeros(2, channels, 4, 4) for channels in (1, 2, 2)))
    losses = head.loss(maps, torch.zeros(2, 4))
    assert float(losses['loss_bbox']) == float(losses['loss_iou']) == float(losses['iou']) == 0
    assert float(losses['loss_cls']) > 0
