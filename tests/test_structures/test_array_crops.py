"""Crops of NumPy images against those of tensors."""

import tracemalloc

import numpy as np
import pytest
import torch

from mmeatrack.structures import CropWindow, crop_array, crop_image
from mmeatrack.structures.array_crops import crop_bytes, crop_pixels, take

IMAGE = np.random.default_rng(0).integers(0, 256, (90, 140, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    'window',
    [
        CropWindow(20, 10, 32),  # as it is
        CropWindow(20, 10, 17),
        CropWindow(-9, 60, 50),  # across the left and lower border
        CropWindow(120, -20, 60),
        CropWindow(-40, -30, 200),  # more than the image, and sparse
        CropWindow(60, 20, 1000),
        CropWindow(0, 0, 1),
        CropWindow(500, 10, 40),  # outside
        CropWindow(-50, -300, 40),
        CropWindow(-5000, 40, 200),
    ],
)
def test_crop_agrees_with_that_of_a_tensor(window: CropWindow) -> None:
    found = crop_array(IMAGE, window, 32)
    tensor = torch.from_numpy(IMAGE.transpose(2, 0, 1).copy())[None]
    expected = crop_image(tensor, window, 32)[0].permute(1, 2, 0).numpy()
    assert found.dtype == np.float32
    assert found.shape == (32, 32, 3)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_image_is_not_modified() -> None:
    before = IMAGE.copy()
    crop_array(IMAGE, CropWindow(3, 4, 20), 16)[:] = 0
    assert (before == IMAGE).all()


@pytest.mark.parametrize(
    'window', [CropWindow(-40, -30, 200), CropWindow(60, 20, 1001), CropWindow(20, 10, 129)]
)
def test_large_byte_crops_equal_those_of_opencv(window: CropWindow) -> None:
    np.testing.assert_array_equal(crop_bytes(IMAGE, window, 32), crop_pixels(IMAGE, window, 32)[0])


def test_memory_of_byte_crops_does_not_grow_with_the_window() -> None:
    """Window of a lost target as large as a 4K frame, in OSTrack's convention."""
    tracemalloc.start()
    crop_bytes(IMAGE, CropWindow(-6000, -6000, 12000), 32)  # 432 MB in full
    assert tracemalloc.get_traced_memory()[1] < 4e6
    tracemalloc.stop()


def test_sides_beyond_the_limit_of_opencv() -> None:
    """cv2.remap takes sides of up to 32766 px."""
    image = (np.arange(1, 40_001) % 256).astype(np.uint8).reshape(1, -1, 1).repeat(3, axis=2)
    crop = crop_array(image, CropWindow(39_000, -500, 2000), 10)
    assert crop.shape == (10, 10, 3)
    pixels = take(image, np.array([-1, 0]), np.array([-1, 0, 39_999, 40_000]))
    assert pixels[..., 0].tolist() == [[0, 0, 0, 0], [0, 1, 40_000 % 256, 0]]


@pytest.mark.parametrize('dtype', [np.int32, np.float64])
def test_pixels_of_other_types(dtype: type) -> None:
    rows, columns = np.array([-1, 0, 89, 90]), np.array([-2, 0, 139, 140, 999])
    found = take(IMAGE.astype(dtype), rows, columns)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, take(IMAGE, rows, columns))
