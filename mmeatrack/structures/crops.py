"""Square crops of tensors, see :class:`CropWindow`."""

from typing import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .array_crops import crop_array, overlap, take, taps
from .boxes import CropWindow

# Ratio of window to crop above which only the pixels that the resize reads are taken: four for each
# pixel of the crop, however large the window is.
_SPARSE_FROM = 3


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
    has_numpy = image.device.type == 'cpu' and image.dtype != torch.bfloat16
    if has_numpy and window.size > _SPARSE_FROM * output_size:
        return _resize_sparsely(image, window, output_size)
    (rows, columns), (down, across) = overlap(image.shape[2], image.shape[3], window)
    cut = image.new_zeros((*image.shape[:2], window.size, window.size), dtype=torch.float32)
    cut[..., down, across] = image[..., rows, columns].float()
    if window.size == output_size:
        return cut
    return F.interpolate(cut, (output_size, output_size), mode='bilinear', align_corners=False)


def crop_image_by(
    cut: Callable[[np.ndarray, CropWindow, int], np.ndarray],
    image: Tensor,
    window: CropWindow,
    output_size: int,
) -> Tensor:
    """Crop a tensor on any device by a function of NumPy images.

    Args:
        cut: Function like :func:`crop_array`.
        image, window, output_size: Arguments of :func:`crop_image`.
    """
    if image.dtype != torch.uint8:
        image = image.round().clamp(0, 255).to(torch.uint8)
    crop = cut(image[0].permute(1, 2, 0).cpu().numpy(), window, output_size)
    return torch.from_numpy(crop).to(image.device).permute(2, 0, 1)[None]


def _is_for_opencv(image: Tensor, window: CropWindow, output_size: int) -> bool:
    """True where OpenCV agrees with ``F.interpolate`` to 1e-4 grey levels, and is faster.

    Unless the scale is exact, the two round the source position of a pixel differently.
    """
    is_exact = output_size & (output_size - 1) == 0
    is_known = image.dtype in (torch.uint8, torch.float32) and len(image[0]) <= 4
    on_cpu = image.device.type == 'cpu'
    return on_cpu and is_exact and is_known and window.size <= _SPARSE_FROM * output_size


def _resize_sparsely(image: Tensor, window: CropWindow, output_size: int) -> Tensor:
    """Repeat ``F.interpolate``, bit for bit, on the pixels that it reads."""
    index, weights = taps(window.size, output_size)
    # The four neighbours of each pixel: (C, 2 * output_size, 2 * output_size).
    pixels = _take(image[0], window.y1 + index, window.x1 + index)
    weight = torch.from_numpy(weights)
    first, second = slice(0, output_size), slice(output_size, None)
    down, across = weight[:, :, None], weight[:, None, :]
    crop = pixels[:, first, second].float() * (down[0] * across[1])
    # F.interpolate sums in this order, with a single rounding for each product and sum.
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
