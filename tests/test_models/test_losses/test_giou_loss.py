import pytest
import torch
from mmdet.models.losses import GIoULoss
from mmdet.structures.bbox import bbox_overlaps

from mmeatrack.models.losses import AlignedGIoULoss
from mmeatrack.models.losses.giou_loss import aligned_overlaps


def random_boxes(number: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    corners = torch.rand(number, 2, generator=generator)
    return torch.cat((corners, corners + torch.rand(number, 2, generator=generator)), dim=1)


def test_losses_and_gradients_equal_mmdets() -> None:
    boxes, targets = random_boxes(500, 0), random_boxes(500, 1)
    targets[:3] = targets[:3, [0, 1, 0, 1]]  # empty ones
    weight = torch.rand(500, generator=torch.Generator().manual_seed(2))
    results = []
    for loss in (AlignedGIoULoss(loss_weight=2.0), GIoULoss(loss_weight=2.0)):
        given = boxes.clone().requires_grad_()
        value = loss(given, targets, weight, avg_factor=70.0)
        value.backward()
        results.append((value.detach(), given.grad))
    torch.testing.assert_close(results[0], results[1], rtol=1e-6, atol=1e-8)
    for found, mode in zip(aligned_overlaps(boxes, targets), ('iou', 'giou')):
        assert torch.equal(found, bbox_overlaps(boxes, targets, mode=mode, is_aligned=True))


def test_overlaps_by_hand() -> None:
    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0]] * 3)
    others = torch.tensor([[0.0, 0.0, 2.0, 1.0], [2.0, 0.0, 4.0, 2.0], [4.0, 0.0, 6.0, 2.0]])
    iou, giou = aligned_overlaps(boxes, others)
    assert iou.tolist() == [0.5, 0, 0]
    assert giou.tolist() == pytest.approx(
        [0.5, 0, -1 / 3]
    )  # neither box covers a third of the hull


def test_zero_weights_and_default_normaliser() -> None:
    boxes = random_boxes(4, 0)
    loss = AlignedGIoULoss()
    assert float(loss(boxes, boxes + 5, torch.zeros(4), avg_factor=1.0)) == 0
    assert float(loss(boxes, boxes, torch.ones(4))) == pytest.approx(0, abs=1e-6)
