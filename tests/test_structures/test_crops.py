import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.utils import digit_version
from mmtrack.datasets.transforms import SeqCropLikeStark

from mmeatrack.structures import CropWindow, crop_box_to_image, crop_image, image_box_to_crop


def ramp(height: int, width: int) -> torch.Tensor:
    """(1, 3, height, width), with a different value at every pixel of channel 0."""
    values = torch.arange(height * width, dtype=torch.float32).reshape(height, width)
    return torch.stack((values, 2 * values, values + 1))[None]


def smooth_image(height: int, width: int, seed: int = 0) -> np.ndarray:
    """(height, width, 3) uint8, smooth enough for interpolations to be compared."""
    phase = np.random.default_rng(seed).uniform(0, 6, (3, 2))
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 9 + a) + np.cos(y / 7 + b) for a, b in phase]
    return (np.stack(waves, axis=-1) * 60 + 128).clip(0, 255).astype(np.uint8)


def to_tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image.transpose(2, 0, 1).copy())[None]


def test_window_is_centred_on_the_box() -> None:
    # sqrt(16 * 25) * 2 = 40 px a side; half of it to each side of (50, 40).
    assert CropWindow.around((50.0, 40.0, 16.0, 25.0), 2.0) == CropWindow(30, 20, 40)


def test_window_rounds_its_size_up_and_its_corner_to_the_nearest_pixel() -> None:
    # sqrt(9 * 10) * 2 = 18.97 -> 19; 50.3 - 9.5 = 40.8 -> 41; 40.9 - 9.5 = 31.4 -> 31.
    assert CropWindow.around((50.3, 40.9, 9.0, 10.0), 2.0) == CropWindow(41, 31, 19)


def test_window_has_at_least_one_pixel() -> None:
    assert CropWindow.around((5.0, 5.0, 1e-4, 1e-4), 2.0).size == 1


@pytest.mark.parametrize(
    'box', [(5, 5, 0, 4), (5, 5, 4, -1), (math.nan, 5, 4, 4), (5, 5, 4, math.inf)]
)
def test_window_around_a_degenerate_box_is_refused(box) -> None:
    with pytest.raises(ValueError, match='cannot crop around the box') as error:
        CropWindow.around(box, 2.0)
    assert str(box) in str(error.value)


def test_crop_of_the_output_size_copies_the_pixels() -> None:
    image = ramp(20, 30)
    crop = crop_image(image, CropWindow(4, 3, 8), 8)
    assert torch.equal(crop, image[..., 3:11, 4:12])


def test_crop_of_twice_the_output_size_averages_four_pixels() -> None:
    image = ramp(20, 30)
    crop = crop_image(image, CropWindow(4, 3, 8), 4)
    four = image[..., 3:11, 4:12].reshape(1, 3, 4, 2, 4, 2).mean(dim=(3, 5))
    assert torch.allclose(crop, four, atol=1e-4)


@pytest.mark.parametrize(
    ('window', 'inside', 'source'),
    [
        # (rows, columns) of the crop that show the image, and which pixels of a 20x30 image.
        (CropWindow(-3, 4, 8), (slice(0, 8), slice(3, 8)), (slice(4, 12), slice(0, 5))),
        (CropWindow(26, 4, 8), (slice(0, 8), slice(0, 4)), (slice(4, 12), slice(26, 30))),
        (CropWindow(5, -6, 8), (slice(6, 8), slice(0, 8)), (slice(0, 2), slice(5, 13))),
        (CropWindow(5, 19, 8), (slice(0, 1), slice(0, 8)), (slice(19, 20), slice(5, 13))),
        (CropWindow(-2, -1, 40), (slice(1, 21), slice(2, 32)), (slice(0, 20), slice(0, 30))),
    ],
)
def test_crop_is_black_outside_the_image(window, inside, source) -> None:
    image = ramp(20, 30) + 1  # nothing in the image is black
    crop = crop_image(image, window, window.size)
    expected = torch.zeros(1, 3, window.size, window.size)
    expected[(..., *inside)] = image[(..., *source)]
    assert torch.equal(crop, expected)


@pytest.mark.parametrize(
    'window',
    [
        CropWindow(-8, 3, 8),
        CropWindow(30, 3, 8),
        CropWindow(3, -8, 8),
        CropWindow(3, 20, 8),
        CropWindow(-500, 900, 8),
    ],
)
def test_crop_wholly_outside_is_black(window) -> None:
    crop = crop_image((ramp(20, 30) + 1).to(torch.uint8), window, 16)
    assert crop.shape == (1, 3, 16, 16)
    assert crop.dtype == torch.float32
    assert crop.abs().max() == 0


def test_crop_of_integer_pixels_is_float_and_does_not_modify_the_image() -> None:
    image = to_tensor(smooth_image(20, 30))
    before = image.clone()
    crop = crop_image(image, CropWindow(-3, 4, 16), 8)
    assert crop.dtype == torch.float32
    assert torch.equal(image, before)


def test_mapping_to_the_image_by_hand() -> None:
    # 40 px become 80: half the scale. Centre (39.5 + 0.5) / 2 = 20 px into the window.
    box = crop_box_to_image((39.5, 39.5, 20.0, 10.0), CropWindow(30, 20, 40), 80)
    assert box == (50.0, 40.0, 10.0, 5.0)


@pytest.mark.parametrize('window', [CropWindow(3, -7, 64), CropWindow(-100, 12, 256)])
def test_round_trip_is_exact_for_scales_of_two(window) -> None:
    box = (17.25, 31.5, 8.75, 40.0)
    assert crop_box_to_image(image_box_to_crop(box, window, 128), window, 128) == box
    assert image_box_to_crop(crop_box_to_image(box, window, 128), window, 128) == box


def test_round_trip_is_exact_to_rounding_for_any_scale() -> None:
    window = CropWindow(11, -5, 37)
    box = (17.3, 31.7, 8.1, 40.9)
    there_and_back = crop_box_to_image(image_box_to_crop(box, window, 256), window, 256)
    assert there_and_back == pytest.approx(box, rel=1e-13)


def stark_crop(image: np.ndarray, box_xyxy, around_xyxy, factor: float, size: int):
    """Crop and box from mmtrack's training pipeline."""
    results = SeqCropLikeStark(crop_size_factor=[factor], output_size=[size]).transform(
        dict(
            img=[image],
            gt_bboxes=[np.array([box_xyxy], np.float32)],
            jittered_bboxes=[np.array([around_xyxy], np.float32)],
        )
    )
    return results['img'][0], results['gt_bboxes'][0][0]


@pytest.mark.parametrize('size', [32, 96, 256])
@pytest.mark.parametrize(
    'around_xyxy', [(60, 50, 84, 66), (61.3, 50.8, 80.1, 70.4), (2, 3, 22, 30), (130, 95, 158, 119)]
)
def test_pixels_agree_with_the_training_crop(around_xyxy, size: int) -> None:
    image = smooth_image(120, 160)
    # mmtrack's crop drops the last row and column of the image where it reaches beyond them.
    image[-1], image[:, -1] = 0, 0
    theirs, _ = stark_crop(image, around_xyxy, around_xyxy, 4.0, size)
    x1, y1, x2, y2 = around_xyxy
    window = CropWindow.around(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1), 4.0)
    ours = crop_image(to_tensor(image), window, size)[0].permute(1, 2, 0).numpy()
    # OpenCV rounds to whole grey levels, with weights of 11 bits.
    assert np.abs(ours - theirs.astype(np.float32)).max() < 1.0


@pytest.mark.parametrize('size', [32, 96, 256])
def test_boxes_agree_with_the_training_crop(size: int) -> None:
    image = smooth_image(120, 160)
    # Side 4 * 20 = 80, centre (72, 58): the window's corner falls on a whole pixel.
    around, target = (62, 48, 82, 68), (58.5, 50.25, 80.5, 74.0)
    _, theirs = stark_crop(image, target, around, 4.0, size)
    window = CropWindow.around((72, 58, 20, 20), 4.0)
    cx, cy, w, h = image_box_to_crop((69.5, 62.125, 22.0, 23.75), window, size)
    ours = (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
    assert ours == pytest.approx(tuple(theirs), abs=1e-3)


def measure_box(crop: np.ndarray):
    """Centre (in pixel indices) and sides of a white box on black, from its grey levels."""
    weight = crop.astype(np.float64) / 255
    rows, columns = weight.max(axis=1), weight.max(axis=0)
    index = np.arange(len(crop))
    centre = (index * columns).sum() / columns.sum(), (index * rows).sum() / rows.sum()
    return (*centre, columns.sum(), rows.sum())


@pytest.mark.parametrize('size', [96, 256])
@pytest.mark.parametrize('shift', [(0, 0), (6, -4), (-7, 9)])
def test_drawn_target_is_mapped_back_from_the_training_crop(shift, size: int) -> None:
    image = np.zeros((120, 160, 3), np.uint8)
    x, y, w, h = 64 + shift[0], 50 + shift[1], 16, 12
    image[y : y + h, x : x + w] = 255
    around = (60, 46, 84, 66)
    crop, annotated = stark_crop(image, (x, y, x + w, y + h), around, 4.0, size)
    window = CropWindow.around((72, 56, 24, 20), 4.0)

    seen = crop_box_to_image(measure_box(crop[..., 0]), window, size)
    assert seen == pytest.approx((x + w / 2, y + h / 2, w, h), abs=0.05)

    # The training target is mapped back within half a pixel: mmtrack does not round the corner.
    x1, y1, x2, y2 = (float(value) for value in annotated)
    taught = crop_box_to_image(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1), window, size)
    assert taught == pytest.approx((x + w / 2, y + h / 2, w, h), abs=0.5)


# Large windows, of which only some pixels are read


def resized_whole(image: torch.Tensor, window: CropWindow, output_size: int) -> torch.Tensor:
    """Full window, padded and resized."""
    height, width = image.shape[-2:]
    whole = torch.zeros((*image.shape[:2], window.size, window.size))
    x1, y1 = max(window.x1, 0), max(window.y1, 0)
    x2, y2 = min(window.x1 + window.size, width), min(window.y1 + window.size, height)
    if x1 < x2 and y1 < y2:
        rows, columns = slice(y1 - window.y1, y2 - window.y1), slice(x1 - window.x1, x2 - window.x1)
        whole[..., rows, columns] = image[..., y1:y2, x1:x2].float()
    return F.interpolate(whole, (output_size, output_size), mode='bilinear', align_corners=False)


LAYOUTS = {
    'planes': lambda image: image.contiguous(),
    'pixels': lambda image: image.contiguous(memory_format=torch.channels_last),
    'float': lambda image: image.float(),
    'int': lambda image: image.int(),
    'bfloat16': lambda image: image.bfloat16(),
    'a part': lambda image: image[..., 3:, 5:],
    'one channel': lambda image: image[:, :1],
}


@pytest.mark.parametrize('layout', list(LAYOUTS))
@pytest.mark.parametrize(
    'window',
    [
        CropWindow(3, 2, 49),
        CropWindow(-20, -31, 97),
        CropWindow(20, 30, 101),
        CropWindow(-300, -200, 555),
        CropWindow(-1500, -1700, 3001),
        CropWindow(70, -10, 200),
    ],
)
def test_large_window_equals_a_full_resize(window: CropWindow, layout: str) -> None:
    frame = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (1, 3, 90, 120), np.uint8))
    image = LAYOUTS[layout](frame)
    crop = crop_image(image, window, 16)
    assert crop.dtype == torch.float32
    # Bit for bit with recent versions of torch; older ones may sum in another order.
    atol = 0 if digit_version(torch.__version__) >= digit_version('2.13') else 1e-4
    torch.testing.assert_close(crop, resized_whole(image, window, 16), atol=atol, rtol=0)


def test_work_does_not_grow_with_the_window(monkeypatch) -> None:
    def fail(*args, **kwargs):
        raise AssertionError('the whole window was resized')

    monkeypatch.setattr('mmeatrack.structures.crops.F.interpolate', fail)
    image = torch.full((1, 3, 90, 120), 7, dtype=torch.uint8)
    crop = crop_image(image, CropWindow(-50_000, -50_000, 100_000), 64)
    assert crop.shape == (1, 3, 64, 64)
    with pytest.raises(AssertionError, match='whole window'):
        crop_image(image, CropWindow(0, 0, 100), 48)


@pytest.mark.parametrize('layout', list(LAYOUTS))
@pytest.mark.parametrize(
    'window', [CropWindow(3, 2, 49), CropWindow(-20, -31, 97), CropWindow(30, 40, 32)]
)
def test_small_window_equals_a_full_resize(window: CropWindow, layout: str) -> None:
    frame = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (1, 3, 90, 120), np.uint8))
    image = LAYOUTS[layout](frame)
    crop = crop_image(image, window, 64)
    assert crop.shape == (1, image.shape[1], 64, 64)
    torch.testing.assert_close(crop, resized_whole(image, window, 64), atol=1e-4, rtol=0)
