"""The target map follows CenterNet's and OSTrack's formulas."""

import numpy as np
import pytest
import torch

from mmeatrack.models import CenterHead
from tests.test_models.test_heads.references import gaussian_numpy
from tests.toys import build


@pytest.fixture
def head() -> CenterHead:
    return build(dict(type='mmeatrack.CenterHead', in_channels=6, feat_channels=8))


@pytest.mark.parametrize(
    'box',
    [
        (0.5, 0.5, 0.4, 0.3),
        (0.21, 0.83, 0.9, 0.7),
        (0.02, 0.97, 0.5, 0.5),
        (0.5, 0.5, 0.01, 0.01),
        (0.4, 0.6, 1.6, 1.9),
    ],
)
def test_target_map_follows_the_formula(head, box) -> None:
    ours = head.gaussian_map(torch.tensor([box], dtype=torch.float64), (16, 16))
    np.testing.assert_allclose(ours[0, 0].numpy(), gaussian_numpy(box, 16), atol=1e-12)


def test_target_map_of_ostrack_does_not_round_the_size() -> None:
    head = CenterHead(in_channels=8, feat_channels=8, gaussian='ostrack')
    sides = np.random.default_rng(0).uniform(0.1, 0.5, (200, 2))
    smaller = 0
    for w, h in sides:
        box = (0.4, 0.55, w, h)
        heat = head.gaussian_map(torch.tensor([box], dtype=torch.float64), (16, 16))[0, 0].numpy()
        np.testing.assert_allclose(heat, gaussian_numpy(box, 16, whole_cells=False), atol=1e-12)
        smaller += (heat > 0).sum() < (gaussian_numpy(box, 16) > 0).sum()
    assert 30 <= smaller <= 80


def test_unknown_target_map_is_refused() -> None:
    with pytest.raises(ValueError, match=r"gaussian='square' is unknown.*'ostrack'"):
        CenterHead(gaussian='square')


def test_target_maps_of_a_batch_equal_those_of_single_boxes(head) -> None:
    generator = torch.Generator().manual_seed(3)
    centre = torch.rand(500, 2, generator=generator) * 1.2 - 0.1
    boxes = torch.cat((centre, torch.rand(500, 2, generator=generator)), dim=1)
    batch = head.gaussian_map(boxes, (16, 16)).numpy()
    for box, heat in zip(boxes.double().tolist(), batch):
        shown = all(0 <= value < 1 for value in box[:2])
        expected = gaussian_numpy(box, 16) if shown else np.zeros((16, 16))
        np.testing.assert_allclose(heat[0], expected, atol=1e-6)


@pytest.mark.parametrize(
    ('centre', 'cell'),
    [
        # x and y times 16, to the nearest cell.
        ((0.53, 0.28), (8, 4)),  # 8.48, 4.48
        ((0.54, 0.22), (9, 4)),  # 8.64, 3.52
        ((0.0, 0.999), (0, 15)),  # 15.98 would be 16, which is no cell
    ],
)
def test_centre_is_the_nearest_cell(head, centre, cell) -> None:
    target = head.gaussian_map(torch.tensor([[*centre, 0.3, 0.3]]), (16, 16))[0, 0]
    assert (target == 1).nonzero().tolist() == [[cell[1], cell[0]]]


@pytest.mark.parametrize('centre', [(-0.01, 0.5), (0.5, 1.0), (1.2, 0.5), (0.5, -3.0)])
def test_centre_outside_the_crop_gives_no_target(head, centre) -> None:
    boxes = torch.tensor([[*centre, 0.3, 0.3], [0.5, 0.5, 0.3, 0.3]])
    target = head.gaussian_map(boxes, (16, 16))
    assert target[0].abs().max() == 0
    assert target[1].max() == 1
