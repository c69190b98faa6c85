"""Square crops of NumPy images, see :class:`CropWindow`."""

from typing import Any, Tuple

import cv2
import numpy as np

from .boxes import CropWindow

_Area = Tuple[slice, slice]

# Ratio of window to crop above which only the pixels that the resize reads are taken.
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
    crop, _ = _cut(image, window, np.float32)
    return np.asarray(cv2.resize(crop, (output_size, output_size)))


def crop_pixels(
    image: np.ndarray, window: CropWindow, output_size: int
) -> Tuple[np.ndarray, np.ndarray]:
    """Cut the window out of the image, black outside it, and resize it in the image's dtype.

    The arguments are those of :func:`crop_array`. The second array (output_size, output_size) is
    True where any part of a pixel lies outside the image.
    """
    crop, place = _cut(image, window, image.dtype)
    outside = np.ones(crop.shape[:2])
    outside[place] = 0
    size = (output_size, output_size)
    return cv2.resize(crop, size), cv2.resize(outside, size).astype(bool)


def crop_bytes(image: np.ndarray, window: CropWindow, output_size: int) -> np.ndarray:
    """Crop of :func:`crop_pixels` for uint8, bit for bit, in time independent of the window.

    For large windows it repeats OpenCV's fixed-point resize on the pixels that this reads: weights
    of 11 bits, products of columns cut by 4 bits, those of rows by 16.
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


def overlap(height: int, width: int, window: CropWindow) -> Tuple[_Area, _Area]:
    """Rows and columns of the image that the window shows, and their place in the window."""
    x1, y1, size = window
    rows = slice(min(max(y1, 0), height), min(max(y1 + size, 0), height))
    columns = slice(min(max(x1, 0), width), min(max(x1 + size, 0), width))
    down = slice(rows.start - y1, rows.stop - y1)
    return (rows, columns), (down, slice(columns.start - x1, columns.stop - x1))


def _cut(image: np.ndarray, window: CropWindow, dtype: Any) -> Tuple[np.ndarray, _Area]:
    """Window (size, size, C) of the image, black outside it, and the image's place in it."""
    height, width, channels = image.shape
    within, place = overlap(height, width, window)
    crop = np.zeros((window.size, window.size, channels), dtype)
    crop[place] = image[within]
    return crop, place


def _resize_sparsely(image: np.ndarray, window: CropWindow, output_size: int) -> np.ndarray:
    index, weight = taps(window.size, output_size)
    pixels = take(image, window.y1 + index, window.x1 + index)
    # Channels join the columns: numpy is slow over an innermost axis that short.
    top, bottom = np.split(pixels.reshape(len(pixels), -1).astype(np.float32), 2)
    lines = top * weight[0, :, None] + bottom * weight[1, :, None]
    left, right = np.split(lines, 2, axis=1)
    first, second = np.repeat(weight, image.shape[2], axis=1)
    crop: np.ndarray = left * first + right * second
    return crop.reshape(output_size, output_size, -1)


def take(image: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Pixels (M, N[, C]) of an image (H, W[, C]) at rows (M,) x columns (N,), black outside it."""
    if image.dtype in ('u1', 'f4', 'f8') and max(image.shape[:2]) < 32767:  # limits of remap
        y, x = np.meshgrid(rows.astype(np.float32), columns.astype(np.float32), indexing='ij')
        return cv2.remap(image, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    height, width = image.shape[:2]
    pixels = image[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))]
    pixels[(rows < 0) | (rows >= height)] = 0
    pixels[:, (columns < 0) | (columns >= width)] = 0
    return pixels


def taps(size: int, output_size: int) -> Tuple[np.ndarray, np.ndarray]:
    """Positions that a bilinear resize of ``size`` px reads along a side, and their weights.

    Returns:
        (2 * output_size,) positions, the lower neighbours first, and (2, output_size) float32.
    """
    scale = np.float32(size) / np.float32(output_size)
    source = np.arange(output_size, dtype=np.float32)
    source = np.maximum((source + np.float32(0.5)) * scale - np.float32(0.5), 0)
    low = source.astype(np.int64)
    index = np.concatenate((low, np.minimum(low + 1, size - 1)))
    return index, np.stack((1 - (source - low), source - low)).astype(np.float32)
