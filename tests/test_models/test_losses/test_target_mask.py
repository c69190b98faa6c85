import math

import numpy as np
import pytest
import torch

from mmeatrack.models import TargetMask

INF, NAN = math.inf, math.nan


def mask_of(box, grid=(4, 4), **kwargs) -> np.ndarray:
    return TargetMask(**kwargs)(torch.tensor([box], dtype=torch.float64), grid)[0].numpy()


def test_hard_mask_holds_the_cells_whose_centre_is_in_the_box() -> None:
    # x from 1 to 3 cells: the centres 1.5 and 2.5. y from 0.4 to 1.6: 0.5 and 1.5.
    mask = mask_of((0.5, 0.25, 0.5, 0.3))
    expected = np.zeros((4, 4))
    expected[0:2, 1:3] = 1
    np.testing.assert_array_equal(mask, expected)


def test_rows_are_y_and_columns_are_x_on_a_rectangular_grid() -> None:
    # 2 rows and 5 columns: x from 3 to 5, y from 1 to 2.
    mask = mask_of((0.8, 0.75, 0.4, 0.5), grid=(2, 5))
    np.testing.assert_array_equal(mask, [[0, 0, 0, 0, 0], [0, 0, 0, 1, 1]])


def test_soft_mask_is_the_covered_share() -> None:
    # x from 0.75 to 3.25 cells, y from 1 to 3.5.
    mask = mask_of((0.5, 0.5625, 0.625, 0.625), shape='soft')
    expected = np.outer([0, 1, 1, 0.5], [0.25, 1, 1, 0.25])
    np.testing.assert_allclose(mask, expected, atol=1e-12)


def test_gaussian_mask_is_the_formula() -> None:
    # Centre (2, 1) cells, half sides 1 and 0.5 cells.
    mask = mask_of((0.5, 0.25, 0.5, 0.25), shape='gaussian', sigma=0.75)
    u = (np.arange(4) + 0.5 - 2) / 1
    v = (np.arange(4) + 0.5 - 1) / 0.5
    expected = np.exp(-(v[:, None] ** 2 + u[None, :] ** 2) / (2 * 0.75**2))
    expected[1, 2] = 1  # the cell that holds the centre
    np.testing.assert_allclose(mask, expected, atol=1e-12)


@pytest.mark.parametrize('shape', ['hard', 'soft', 'gaussian'])
@pytest.mark.parametrize(
    ('centre', 'cell'), [((0.3, 0.8), (3, 1)), ((0.0, 0.0), (0, 0)), ((0.75, 0.99), (3, 3))]
)
def test_tiny_target_covers_its_centre_cell(shape: str, centre, cell) -> None:
    """At 0.01 of the crop, no cell's centre lies in the box."""
    mask = mask_of((*centre, 0.01, 0.01), shape=shape)
    assert mask[cell] == 1
    mask[cell] = 0
    assert mask.max() < 1e-3


@pytest.mark.parametrize('shape', ['hard', 'soft'])
def test_large_target_fills_the_crop(shape: str) -> None:
    assert mask_of((0.5, 0.5, 2.0, 2.0), shape=shape).min() == 1


@pytest.mark.parametrize('shape', ['hard', 'soft', 'gaussian'])
@pytest.mark.parametrize('background', [0.0, 0.2])
@pytest.mark.parametrize(
    'box',
    [
        (0.5, 0.5, 0.0, 0.3),
        (0.5, 0.5, 0.3, 0.0),
        (0.5, 0.5, -0.3, 0.3),
        (0.5, 0.5, -0.3, -0.3),
        (NAN, 0.5, 0.3, 0.3),
        (0.5, 0.5, 0.3, NAN),
        (NAN, NAN, NAN, NAN),
        (INF, 0.5, 0.3, 0.3),
        (0.5, 0.5, INF, 0.3),
        (-0.01, 0.5, 0.3, 0.3),
        (0.5, 1.0, 0.3, 0.3),
        (7.0, -7.0, 0.3, 0.3),
    ],
)
def test_mask_is_empty_without_a_target_in_the_crop(shape: str, background: float, box) -> None:
    """The other sample of the batch keeps its mask."""
    boxes = torch.tensor([box, (0.5, 0.5, 0.5, 0.5)])
    mask = TargetMask(shape, background=background)(boxes, (4, 4))
    assert torch.equal(mask[0], torch.zeros(4, 4))
    assert mask[1].max() == 1
    assert torch.isfinite(mask).all()


@pytest.mark.parametrize('shape', ['hard', 'soft', 'gaussian'])
def test_background_is_the_minimum_weight(shape: str) -> None:
    box = (0.5, 0.25, 0.5, 0.3)
    mask, without = mask_of(box, shape=shape, background=0.25), mask_of(box, shape=shape)
    assert mask.min() == 0.25
    np.testing.assert_array_equal(mask, np.maximum(without, 0.25))


@pytest.mark.parametrize('shape', ['hard', 'soft', 'gaussian'])
def test_masks_of_a_batch_equal_those_of_single_samples(shape: str) -> None:
    boxes = torch.rand(5, 4, generator=torch.Generator().manual_seed(0))
    masker = TargetMask(shape)
    together = masker(boxes, (6, 5))
    assert together.shape == (5, 6, 5)
    assert 0 <= float(together.min()) <= float(together.max()) == 1
    alone = torch.cat([masker(box[None], (6, 5)) for box in boxes])
    assert torch.equal(together, alone)


def test_mask_keeps_the_dtype_of_the_boxes() -> None:
    assert TargetMask('soft')(torch.rand(2, 4).double(), (4, 4)).dtype == torch.float64


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (dict(shape='round'), r"shape='round' is unknown; it is one of \['hard', 'soft', 'gauss"),
        (dict(background=1.0), r'background=1.0, .*must be in \[0, 1\)'),
        (dict(background=-0.1), r'background=-0.1'),
        (dict(sigma=0.0), r'sigma=0.0.*above 0'),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        TargetMask(**arguments)
