import math

import pytest
import torch

from mmeatrack.datasets.pairs.geometry import (
    CropForm,
    affine,
    compose,
    crop_to_scene,
    draw_crops,
    hull_boxes,
    random_linear,
    sample_pixels,
)


def generator(seed: int = 0) -> torch.Generator:
    rng = torch.Generator()
    rng.manual_seed(seed)
    return rng


def test_template_crop_is_centred_and_shows_the_target_at_half_its_side() -> None:
    sizes = torch.tensor([[[2.0, 0.5]] * 3])  # mean side 1
    template = draw_crops(generator(), sizes, CropForm())[0]
    # 64 px show 2 mean sides: 32 px per unit, so the box is 64 x 16 px around pixel 31.5.
    assert template.boxes[0].tolist() == pytest.approx([31.5, 31.5, 64.0, 16.0])
    assert float(template.scale) == pytest.approx(1 / 32)


def test_search_crops_are_off_by_no_more_than_the_jitter() -> None:
    sizes = torch.ones(500, 3, 2)
    search = draw_crops(generator(), sizes, CropForm())[2]
    assert float(search.shift.abs().max()) <= 1.5
    assert float(search.shift.abs().max()) > 1.3
    assert float(search.boxes[:, 2].max()) == pytest.approx(32 * math.exp(0.35), rel=0.02)
    # The box lies where the crop's map puts the target's centre.
    to_scene = crop_to_scene(search, torch.full((500, 2), 7.0))
    found = (to_scene[..., :2] @ search.boxes[:, :2, None])[..., 0] + to_scene[..., 2]
    assert torch.allclose(found, torch.full((500, 2), 7.0), atol=1e-5)


def test_maps_compose_in_order() -> None:
    double = affine(2 * torch.eye(2)[None], torch.zeros(1, 2), torch.zeros(1, 2))
    shift = affine(torch.eye(2)[None], torch.zeros(1, 2), torch.tensor([[3.0, -1.0]]))
    assert compose(double, shift)[0].tolist() == [[2, 0, 6], [0, 2, -2]]
    assert compose(shift, double)[0].tolist() == [[2, 0, 3], [0, 2, -1]]


def test_whole_numbers_are_pixel_centres() -> None:
    source = torch.arange(48.0).reshape(1, 1, 6, 8)
    maps = torch.tensor([[[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]]])
    assert torch.allclose(sample_pixels(source, maps, 4)[0, 0], source[0, 0, 1:5, 2:6], atol=1e-4)


def test_beyond_the_source_is_black() -> None:
    maps = torch.tensor([[[1.0, 0.0, 100.0], [0.0, 1.0, 0.0]]])
    assert sample_pixels(torch.ones(1, 1, 6, 8), maps, 4).abs().max() == 0


def test_hull_of_a_turned_square_has_the_diagonal_as_its_box() -> None:
    square = torch.tensor([[[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]])
    angle = math.pi / 4
    turn = torch.tensor([[[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]])
    assert hull_boxes(square, turn)[0].tolist() == pytest.approx([-(2**0.5)] * 2 + [2**0.5] * 2)


def test_random_linear_maps_keep_to_their_limits() -> None:
    maps = random_linear(generator(), 300, turn=0.0, scale=0.0, stretch=0.5, shear=0.0)
    assert torch.allclose(torch.linalg.det(maps), torch.ones(300), atol=1e-5)
    assert float(maps[:, 0, 0].max()) == pytest.approx(math.exp(0.5), rel=0.02)
    assert maps[:, 0, 1].abs().max() == 0
