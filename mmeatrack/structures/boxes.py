"""Single boxes: conversions, check and clipping."""

import math
from typing import Sequence, Tuple

from mmeatrack.log import warn

Box = Tuple[float, float, float, float]

# Boxes are float32 within mmtrack, whose steps are up to 0.004 px in the largest images.
_LEAST_SIDE = 0.01
_MOST_SHARE = 10


def check_target_box(box_xywh: Sequence[float], image_size: Tuple[int, int]) -> Box:
    """Refuse a box that no tracker can be started on; returns it as four Python floats.

    Args:
        box_xywh: ``x, y, w, h`` in image pixels; ``x, y`` is the top-left corner.
        image_size: ``(width, height)`` of the image.

    Raises:
        ValueError: If the box has not four finite numbers, is narrower than 0.01 px, lies
            outside the image, is of shares of the image, or over 10 times as large as it.
    """
    width, height = image_size
    try:
        values = [float(v) for v in box_xywh]
    except (TypeError, ValueError):
        values = []
    given = f'target box x,y,w,h = {values or box_xywh} in an image of {width}x{height} px'
    if len(values) != 4 or not all(map(math.isfinite, values)):
        raise ValueError(f'{given}: four finite numbers are needed. Correct the initial box.')
    x, y, w, h = values
    if min(w, h) < _LEAST_SIDE or max(values) < 1:
        raise ValueError(
            f'{given}: width and height must be above 0, and of at least {_LEAST_SIDE} px. Correct '
            'the initial box (is it x1,y1,x2,y2 by mistake, or in shares of the image?).'
        )
    if x >= width or y >= height or x + w <= 0 or y + h <= 0:
        raise ValueError(
            f'{given}: the box lies outside the image. Correct the initial box, or start at a '
            'frame that shows the target.'
        )
    if w > _MOST_SHARE * width or h > _MOST_SHARE * height:
        raise ValueError(
            f'{given}: width or height is over {_MOST_SHARE} times that of the image. Correct the '
            'initial box.'
        )
    return x, y, w, h


def warn_of_box(box_xywh: Box, image_size: Tuple[int, int]) -> None:
    """Warn of a target box less than half of which lies in the image, as corners often do."""
    x, y, w, h = box_xywh
    width, height = (min(a + b, c) - max(a, 0) for a, b, c in zip((x, y), (w, h), image_size))
    if width * height < w * h / 2:
        warn(
            f'target box x,y,w,h = {list(box_xywh)} in an image of {image_size[0]}x{image_size[1]} '
            'px: most of it lies outside the image. Is it x1,y1,x2,y2 by mistake?'
        )


def xywh_to_cxcywh(box_xywh: Sequence[float]) -> Box:
    """Box of centre and size, of one of the top-left corner and size."""
    x, y, w, h = box_xywh
    return x + w / 2, y + h / 2, w, h


def cxcywh_to_xywh(box_cxcywh: Sequence[float]) -> Box:
    """Box of the top-left corner and size, of one of centre and size."""
    cx, cy, w, h = box_cxcywh
    return cx - w / 2, cy - h / 2, w, h


def cxcywh_to_xyxy(box_cxcywh: Sequence[float]) -> Box:
    """Corners of a box of centre and size."""
    cx, cy, w, h = box_cxcywh
    return cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2


def clip_box(box_cxcywh: Box, image_size: Tuple[int, int], margin: float) -> Box:
    """Clip a box to the image, leaving at least ``margin`` px of it inside.

    OSTrack's rule, except that a box smaller than the margin keeps its size: grown to the margin
    from a corner, the box of a tiny target would move a little in every frame.

    Args:
        box_cxcywh: Centre and size in image pixels.
        image_size: ``(width, height)`` of the image.
        margin: Px of a side that stay inside the image, or the whole side where it is shorter.

    Returns:
        The clipped box, centre and size in image pixels.
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
