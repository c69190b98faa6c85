"""Single boxes, and the crop windows of the OSTrack family [1] around them.

A window has a side of ``ceil(sqrt(w * h) * factor)`` px, is centred on a box and resized to a fixed
size; it is black outside the image. Box coordinates follow mmtrack's ``SeqCropLikeStark``, after
STARK [2], whose crop has its centre at ``(output_size - 1) / 2``: half a crop pixel below the pixel
grid. The mapping back to the image adds it.

References:
    [1] Ye et al. (OSTrack), ECCV 2022, https://arxiv.org/abs/2203.11991
    [2] Yan et al. (STARK), ICCV 2021, https://arxiv.org/abs/2103.17154
"""

import math
from typing import NamedTuple, Sequence, Tuple

Box = Tuple[float, float, float, float]


def xywh_to_cxcywh(box_xywh: Sequence[float]) -> Box:
    """Convert top-left corner and size to centre and size."""
    x, y, w, h = box_xywh
    return x + w / 2, y + h / 2, w, h


def cxcywh_to_xywh(box_cxcywh: Sequence[float]) -> Box:
    """Convert centre and size to top-left corner and size."""
    cx, cy, w, h = box_cxcywh
    return cx - w / 2, cy - h / 2, w, h


def cxcywh_to_xyxy(box_cxcywh: Sequence[float]) -> Box:
    """Convert centre and size to corners."""
    cx, cy, w, h = box_cxcywh
    return cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2


def clip_box(box_cxcywh: Box, image_size: Tuple[int, int], margin: float) -> Box:
    """Clip a box to the image, leaving at least ``margin`` px of it inside.

    This is OSTrack's rule, except that a box smaller than the margin keeps its size: grown to the
    margin from a corner, the box of a tiny target would drift in every frame.

    Args:
        box_cxcywh: Centre and size in image px.
        image_size: ``(width, height)`` of the image.
        margin: Px of a side that stay inside the image, or the whole side if it is shorter.
    """
    x1, y1, x2, y2 = cxcywh_to_xyxy(box_cxcywh)
    x1, x2 = _clip_interval(x1, x2, image_size[0], margin)
    y1, y2 = _clip_interval(y1, y2, image_size[1], margin)
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


def _clip_interval(low: float, high: float, length: float, margin: float) -> Tuple[float, float]:
    margin = min(margin, length, high - low)
    low = min(max(0.0, low), length - margin)
    high = min(max(margin, high), length)
    return low, max(high, low + margin)


class CropWindow(NamedTuple):
    """Square window of the image, which may reach beyond the borders.

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


def crop_box_to_image(box_cxcywh: Box, window: CropWindow, output_size: int) -> Box:
    """Map a box from crop px (mmtrack's training convention) to image px."""
    scale = window.size / output_size
    cx, cy, w, h = box_cxcywh
    return (window.x1 + (cx + 0.5) * scale, window.y1 + (cy + 0.5) * scale, w * scale, h * scale)


def image_box_to_crop(box_cxcywh: Box, window: CropWindow, output_size: int) -> Box:
    """Map a box from image px to crop px; the inverse of :func:`crop_box_to_image`."""
    scale = output_size / window.size
    cx, cy, w, h = box_cxcywh
    return ((cx - window.x1) * scale - 0.5, (cy - window.y1) * scale - 0.5, w * scale, h * scale)
