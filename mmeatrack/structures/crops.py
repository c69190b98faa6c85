"""Square crops cut out of tensors; see :mod:`.windows`."""

from typing import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .array_crops import crop_array, take, taps
from .windows import CropWindow

# From this ratio of window to crop on, only those pixels are taken that the resize reads: four for
# each pixel of the crop, however large the window is.
_SPARSE_FROM = 3
# Kinds and sides of images that cv2.remap takes.
_REMAP_DTYPES = (torch.uint8, torch.float32, torch.float64)
_REMAP_MOST = 32766


def crop_image(image: Tensor, window: CropWindow, output_size: int) -> Tensor:
    """Cut the window out of the image, black outside it, and resize it.

    Args:
        image: (1, C, H, W), values 0 to 255 of any dtype.
        window: The window in image px.
        output_size: Side of the crop in px.

    Returns:
        (1, C, output_size, output_size) float32, values 0 to 255.
    """
    if _is_for_opencv(image, window, output_size):
        crop = crop_array(image[0].permute(1, 2, 0).numpy(), window, output_size)
        return torch.from_numpy(crop.reshape(output_size, output_size, -1)).permute(2, 0, 1)[None]
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


def crop_image_by(
    cut: Callable[[np.ndarray, CropWindow, int], np.ndarray],
    image: Tensor,
    window: CropWindow,
    output_size: int,
) -> Tensor:
    """Cut the window out of the image by a function of arrays.

    Args:
        cut: From image (H, W, C) of uint8, window and output size to the crop.
        image, window, output_size: As for :func:`crop_image`, whose result stays on the device.
    """
    if image.dtype != torch.uint8:
        image = image.round().clamp(0, 255).to(torch.uint8)
    crop = cut(image[0].permute(1, 2, 0).cpu().numpy(), window, output_size)
    return torch.from_numpy(crop).to(image.device).permute(2, 0, 1)[None]


def _is_for_opencv(image: Tensor, window: CropWindow, output_size: int) -> bool:
    """True where OpenCV resizes as ``F.interpolate`` does, to 1e-4 grey levels, but faster.

    Both round a pixel's source in another way, unless the scale is exact.
    """
    is_exact = output_size & (output_size - 1) == 0
    is_known = image.dtype in (torch.uint8, torch.float32) and len(image[0]) <= 4
    on_cpu = image.device.type == 'cpu'
    return on_cpu and is_exact and is_known and window.size <= _SPARSE_FROM * output_size


def _is_remappable(image: Tensor) -> bool:
    on_cpu = image.device.type == 'cpu' and image.dtype in _REMAP_DTYPES
    return on_cpu and max(image.shape[-2:]) <= _REMAP_MOST


def _resize_sparsely(image: Tensor, window: CropWindow, output_size: int) -> Tensor:
    """Resize as ``F.interpolate`` does, bit for bit, from the pixels that it reads."""
    index, weights = taps(window.size, output_size)
    # The four neighbours of each pixel: (C, 2 * output_size, 2 * output_size).
    pixels = _take(image[0], window.y1 + index, window.x1 + index)
    weight = torch.from_numpy(weights)
    first, second = slice(0, output_size), slice(output_size, None)
    down, across = weight[:, :, None], weight[:, None, :]
    crop = pixels[:, first, second].float() * (down[0] * across[1])
    # In the order of F.interpolate's sum, each product added in one rounding.
    for row, column in ((0, 0), (1, 0), (1, 1)):
        part = pixels[:, (first, second)[row], (first, second)[column]].float()
        crop = torch.addcmul(crop, part, down[row] * across[column])
    return crop[None]


def _take(image: Tensor, rows: np.ndarray, columns: np.ndarray) -> Tensor:
    by_pixel = image.permute(1, 2, 0)
    if by_pixel.is_contiguous() and 1 < len(image) <= 4:
        return torch.from_numpy(take(by_pixel.numpy(), rows, columns)).permute(2, 0, 1)
    planes = [take(plane.contiguous().numpy(), rows, columns) for plane in image]
    return torch.from_numpy(np.stack(planes))
