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

    Args:
        image: (H, W, C).
        window: The window in image px.
        output_size: Side of the crop in px.

    Returns:
        The crop (output_size, output_size, C) and a mask (output_size, output_size), True where any
        part of a pixel lies outside the image.
    """
    rows, columns, place = _shown(image, window)
    crop = np.zeros((window.size, window.size, image.shape[2]), image.dtype)
    crop[place] = image[rows, columns]
    outside = np.ones(crop.shape[:2])
    outside[place] = 0
    size = (output_size, output_size)
    return cv2.resize(crop, size), cv2.resize(outside, size).astype(bool)


def _shown(image: np.ndarray, window: CropWindow) -> Tuple[slice, slice, Tuple[slice, slice]]:
    """Rows and columns of the image in the window, and their place in the crop."""
    height, width = image.shape[:2]
    x1, y1, size = window
    rows = slice(min(max(y1, 0), height), min(max(y1 + size, 0), height))
    columns = slice(min(max(x1, 0), width), min(max(x1 + size, 0), width))
    down = slice(rows.start - y1, rows.stop - y1)
    return rows, columns, (down, slice(columns.start - x1, columns.stop - x1))


def _resize_sparsely(image: np.ndarray, window: CropWindow, output_size: int) -> np.ndarray:
    rows, down = _taps(window.y1, window.size, output_size, image.shape[0])
    columns, across = _taps(window.x1, window.size, output_size, image.shape[1])
    channels = image.shape[2]
    # The four neighbours of each pixel: (2 * output_size, 2 * output_size, C).
    shape = 2 * output_size, 2 * output_size
    x = np.broadcast_to(columns.reshape(1, -1).astype(np.float32), shape)
    y = np.broadcast_to(rows.reshape(-1, 1).astype(np.float32), shape)
    pixels = cv2.remap(image, np.ascontiguousarray(x), np.ascontiguousarray(y), cv2.INTER_NEAREST)
    # Rows of numbers: numpy is slow where its innermost axis is as short as the channels.
    top, bottom = np.split(pixels.reshape(shape[0], -1).astype(np.float32), 2)
    lines = top * down[0, :, None] + bottom * down[1, :, None]
    left, right = np.split(lines, 2, axis=1)
    first, second = np.repeat(across, channels, axis=1)
    crop: np.ndarray = left * first + right * second
    return crop.reshape(output_size, output_size, channels)


def _taps(start: int, size: int, output_size: int, length: int) -> Tuple[np.ndarray, np.ndarray]:
    """Pixels that a bilinear resize reads along a side, and their weights: (2, output_size) each.

    A pixel outside the image has the weight 0.
    """
    scale = np.float32(size) / np.float32(output_size)
    source = np.arange(output_size, dtype=np.float32)
    source = np.maximum((source + np.float32(0.5)) * scale - np.float32(0.5), 0)
    low = source.astype(np.int64)
    index = start + np.stack((low, np.minimum(low + 1, size - 1)))
    weight = np.stack((1 - (source - low), source - low)).astype(np.float32)
    weight[(index < 0) | (index >= length)] = 0
    return index.clip(0, length - 1), weight
