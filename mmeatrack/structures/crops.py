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
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .boxes import Box

# Windows of more than this many times the image's area are sampled without padding the image.
_MOST_PADDED = 4


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
    if window.size**2 > _MOST_PADDED * height * width:
        return _sample_crop(image, window, output_size)
    inside = image[..., window.y1 + top : y2 - bottom, window.x1 + left : x2 - right].float()
    if left or right or top or bottom:
        inside = F.pad(inside, (left, right, top, bottom))
    if inside.shape[-1] == output_size:
        return inside
    return F.interpolate(inside, (output_size, output_size), mode='bilinear', align_corners=False)


def _sample_crop(image: Tensor, window: CropWindow, output_size: int) -> Tensor:
    """The same crop without the padded image: its cost does not grow with the window."""
    height, width = image.shape[-2:]
    pixel = (torch.arange(output_size, device=image.device) + 0.5) * (window.size / output_size)
    x = 2 * (window.x1 + pixel) / width - 1
    y = 2 * (window.y1 + pixel) / height - 1
    grid = torch.stack((x.expand(output_size, -1), y[:, None].expand(-1, output_size)), dim=-1)
    grid = grid[None].expand(len(image), -1, -1, -1).float()
    return F.grid_sample(image.float(), grid, align_corners=False)


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
