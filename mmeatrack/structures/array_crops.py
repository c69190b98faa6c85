"""Square crops cut out of NumPy images; see :mod:`.windows`."""

from typing import Tuple

import cv2
import numpy as np

from .windows import CropWindow

# From this ratio of window to crop on, only the pixels are taken that the resize reads.
_SPARSE_FROM = 4


def crop_array(image: np.ndarray, window: CropWindow, output_size: int) -> np.ndarray:
    """Cut the window out of the image, black outside it, and resize it without antialiasing.

    The crop is that of :func:`crop_image` up to rounding, well below a hundredth of a grey level.

    Args:
        image: (H, W, C) of uint8.
        window: The window in image px.
        output_size: Side of the crop in px.

    Returns:
        (output_size, output_size, C) float32, values 0 to 255.
    """
    if window.size > _SPARSE_FROM * output_size:
        return _resize_sparsely(image, window, output_size)
    rows, columns, place = _shown(image, window)
    crop = np.zeros((window.size, window.size, image.shape[2]), np.float32)
    crop[place] = image[rows, columns]
    return np.asarray(cv2.resize(crop, (output_size, output_size)))


def crop_pixels(
    image: np.ndarray, window: CropWindow, output_size: int
) -> Tuple[np.ndarray, np.ndarray]:
    """Cut the window out of the image, black outside it, and resize it in the image's own type.

    The arguments are those of :func:`crop_array`. The mask (output_size, output_size) beside the
    crop is True where any part of a pixel lies outside the image.
    """
    rows, columns, place = _shown(image, window)
    crop = np.zeros((window.size, window.size, image.shape[2]), image.dtype)
    crop[place] = image[rows, columns]
    outside = np.ones(crop.shape[:2])
    outside[place] = 0
    size = (output_size, output_size)
    return cv2.resize(crop, size), cv2.resize(outside, size).astype(bool)


def crop_bytes(image: np.ndarray, window: CropWindow, output_size: int) -> np.ndarray:
    """Crop of :func:`crop_pixels` for uint8, bit for bit, in a time that the window does not set.

    Large windows take the pixels that OpenCV's resize of bytes reads, in its fixed-point numbers:
    weights of 11 bits, products of columns cut by 4 bits, those of rows by 16.
    """
    if window.size <= _SPARSE_FROM * output_size:
        return crop_pixels(image, window, output_size)[0]
    scale = window.size / output_size
    source = ((np.arange(output_size) + 0.5) * scale - 0.5).astype(np.float32)
    low = source.astype(np.int64)
    share = source - low
    weight = np.rint(np.stack((1 - share, share)) * 2048).astype(np.int64)
    index = np.concatenate((low, low + 1))
    pixels = take(image, window.y1 + index, window.x1 + index).astype(np.int64)
    left, right = np.split(pixels, 2, axis=1)
    lines = left * weight[0, :, None] + right * weight[1, :, None]
    top, bottom = np.split(lines >> 4, 2)
    first, second = weight[:, :, None, None]
    crop = ((first * top >> 16) + (second * bottom >> 16) + 2) >> 2
    return crop.astype(np.uint8)


def _shown(image: np.ndarray, window: CropWindow) -> Tuple[slice, slice, Tuple[slice, slice]]:
    """Rows and columns of the image in the window, and their place in the crop."""
    height, width = image.shape[:2]
    x1, y1, size = window
    rows = slice(min(max(y1, 0), height), min(max(y1 + size, 0), height))
    columns = slice(min(max(x1, 0), width), min(max(x1 + size, 0), width))
    down = slice(rows.start - y1, rows.stop - y1)
    return rows, columns, (down, slice(columns.start - x1, columns.stop - x1))


def _resize_sparsely(image: np.ndarray, window: CropWindow, output_size: int) -> np.ndarray:
    index, weight = taps(window.size, output_size)
    pixels = take(image, window.y1 + index, window.x1 + index)
    # Rows of numbers: numpy is slow where its innermost axis is as short as the channels.
    top, bottom = np.split(pixels.reshape(len(pixels), -1).astype(np.float32), 2)
    lines = top * weight[0, :, None] + bottom * weight[1, :, None]
    left, right = np.split(lines, 2, axis=1)
    first, second = np.repeat(weight, image.shape[2], axis=1)
    crop: np.ndarray = left * first + right * second
    return crop.reshape(output_size, output_size, -1)


def take(image: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Pixels of an image (H, W[, C]) at all rows (M,) and columns (N,), black outside the image."""
    y, x = np.meshgrid(rows.astype(np.float32), columns.astype(np.float32), indexing='ij')
    return cv2.remap(image, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)


def taps(size: int, output_size: int) -> Tuple[np.ndarray, np.ndarray]:
    """Positions that a bilinear resize reads along a side, and their weights.

    Of a window of ``size`` image px: (2 * output_size,) positions in it, the lower neighbours
    first, and (2, output_size) float32 weights.
    """
    scale = np.float32(size) / np.float32(output_size)
    source = np.arange(output_size, dtype=np.float32)
    source = np.maximum((source + np.float32(0.5)) * scale - np.float32(0.5), 0)
    low = source.astype(np.int64)
    index = np.concatenate((low, np.minimum(low + 1, size - 1)))
    return index, np.stack((1 - (source - low), source - low)).astype(np.float32)
