"""Square crops of the OSTrack family [1], and the way back to image pixels.

A crop has ``ceil(sqrt(w * h) * factor)`` px a side, is centred on a box and resized to a fixed
size; it is black outside the image. Box coordinates follow mmtrack's ``SeqCropLikeStark``, after
STARK [2], whose crop has its centre at ``(output_size - 1) / 2``. A box coordinate is there half a
crop pixel less than on the pixel grid, and the way back adds it.

References:
    [1] Ye et al., Joint Feature Learning and Relation Modeling for Tracking: A One-Stream Framework
        (OSTrack), ECCV 2022, https://arxiv.org/abs/2203.11991
    [2] Yan et al., Learning Spatio-Temporal Transformer for Visual Tracking (STARK), ICCV 2021,
        https://arxiv.org/abs/2103.17154
"""

import math
from typing import NamedTuple, Tuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .boxes import Box

# From this ratio of window to crop on, only those pixels are taken that the resize reads: four for
# each pixel of the crop, however large the window is.
_SPARSE_FROM = 3
# Kinds and sides of images that cv2.remap takes.
_REMAP_DTYPES = (torch.uint8, torch.float32, torch.float64)
_REMAP_MOST = 32766


class CropWindow(NamedTuple):
    """A square window of the image; it may reach beyond the borders.

    Attributes:
        x1: Left border in image px.
        y1: Upper border in image px.
        size: Side in image px.

    Example:
        >>> import torch
        >>> from mmeatrack.structures import CropWindow, crop_box_to_image, crop_image
        >>> window = CropWindow.around((50, 40, 16, 25), factor=2)  # a box of 16 x 25 px
        >>> window
        CropWindow(x1=30, y1=20, size=40)
        >>> tuple(crop_image(torch.zeros(1, 3, 120, 160), window, output_size=80).shape)
        (1, 3, 80, 80)
        >>> crop_box_to_image((39.5, 39.5, 32, 50), window, output_size=80)
        (50.0, 40.0, 16.0, 25.0)
    """

    x1: int
    y1: int
    size: int

    @classmethod
    def around(cls, box_cxcywh: Box, factor: float) -> 'CropWindow':
        """Window of ``factor`` times the box's mean side, centred on the box (image px).

        Raises:
            ValueError: If the box has no area or is not finite.
        """
        cx, cy, w, h = box_cxcywh
        if not all(math.isfinite(v) for v in box_cxcywh) or w <= 0 or h <= 0:
            raise ValueError(
                f'cannot crop around the box cx,cy,w,h = {box_cxcywh}: finite numbers and a width '
                'and height above 0 are needed.'
            )
        size = max(math.ceil(math.sqrt(w * h) * factor), 1)
        return cls(round(cx - size * 0.5), round(cy - size * 0.5), size)


def crop_image(image: Tensor, window: CropWindow, output_size: int) -> Tensor:
    """Cut the window out of the image, black outside it, and resize it.

    Args:
        image: (1, C, H, W), values 0 to 255 of any dtype.
        window: The window in image px.
        output_size: Side of the crop in px.

    Returns:
        (1, C, output_size, output_size) float32, values 0 to 255.
    """
    height, width = image.shape[-2:]
    x2, y2 = window.x1 + window.size, window.y1 + window.size
    left, right = min(max(-window.x1, 0), window.size), min(max(x2 - width, 0), window.size)
    top, bottom = min(max(-window.y1, 0), window.size), min(max(y2 - height, 0), window.size)
    if left + right >= window.size or top + bottom >= window.size:
        return image.new_zeros((*image.shape[:2], output_size, output_size), dtype=torch.float32)
    if window.size > _SPARSE_FROM * output_size and _is_remappable(image):
        return _resize_sparsely(image, window, output_size)
    inside = image[..., window.y1 + top : y2 - bottom, window.x1 + left : x2 - right].float()
    if left or right or top or bottom:
        inside = F.pad(inside, (left, right, top, bottom))
    if inside.shape[-1] == output_size:
        return inside
    return F.interpolate(inside, (output_size, output_size), mode='bilinear', align_corners=False)


def _is_remappable(image: Tensor) -> bool:
    on_cpu = image.device.type == 'cpu' and image.dtype in _REMAP_DTYPES
    return on_cpu and max(image.shape[-2:]) <= _REMAP_MOST


def _resize_sparsely(image: Tensor, window: CropWindow, output_size: int) -> Tensor:
    """Resize as ``F.interpolate`` does, bit for bit, from the pixels that it reads."""
    index, weight = _taps(window.size, output_size)
    # The four neighbours of each pixel: (C, 2 * output_size, 2 * output_size).
    pixels = _take(image[0], index + window.y1, index + window.x1)
    first, second = slice(0, output_size), slice(output_size, None)
    down, across = weight[:, :, None], weight[:, None, :]
    crop = pixels[:, first, second].float() * (down[0] * across[1])
    # In the order of F.interpolate's sum, each product added in one rounding.
    for row, column in ((0, 0), (1, 0), (1, 1)):
        part = pixels[:, (first, second)[row], (first, second)[column]].float()
        crop = torch.addcmul(crop, part, down[row] * across[column])
    return crop[None]


def _take(image: Tensor, rows: np.ndarray, columns: np.ndarray) -> Tensor:
    """Pixels of an image (C, H, W) at all rows and columns, black outside the image."""
    shape = len(rows), len(columns)
    x = np.ascontiguousarray(np.broadcast_to(columns, shape), dtype=np.float32)
    y = np.ascontiguousarray(np.broadcast_to(rows[:, None], shape), dtype=np.float32)

    def take(pixels: np.ndarray) -> np.ndarray:
        return cv2.remap(pixels, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)

    by_pixel = image.permute(1, 2, 0)
    if by_pixel.is_contiguous() and 1 < len(image) <= 4:
        return torch.from_numpy(take(by_pixel.numpy())).permute(2, 0, 1)
    return torch.from_numpy(np.stack([take(plane.contiguous().numpy()) for plane in image]))


def _taps(size: int, output_size: int) -> Tuple[np.ndarray, Tensor]:
    """Pixels (2 * output_size,) that a bilinear resize reads along a side, and weights (2, .)."""
    scale = float(np.float32(size) / np.float32(output_size))
    source = ((torch.arange(output_size, dtype=torch.float32) + 0.5) * scale - 0.5).clamp(min=0)
    low = source.long()
    weight = source - low
    index = torch.cat((low, (low + 1).clamp(max=size - 1)))
    return index.numpy(), torch.stack((1 - weight, weight))


def crop_box_to_image(box_cxcywh: Box, window: CropWindow, output_size: int) -> Box:
    """Map a box from crop px (mmtrack's training convention) to image px."""
    scale = window.size / output_size
    cx, cy, w, h = box_cxcywh
    return (
        window.x1 + (cx + 0.5) * scale,
        window.y1 + (cy + 0.5) * scale,
        w * scale,
        h * scale,
    )


def image_box_to_crop(box_cxcywh: Box, window: CropWindow, output_size: int) -> Box:
    """Map a box from image px to crop px; the inverse of :func:`crop_box_to_image`."""
    scale = output_size / window.size
    cx, cy, w, h = box_cxcywh
    return (
        (cx - window.x1) * scale - 0.5,
        (cy - window.y1) * scale - 0.5,
        w * scale,
        h * scale,
    )
