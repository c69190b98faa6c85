"""Checks of target boxes, frames and numeric settings."""

import math
from numbers import Real
from typing import Any, Callable, Dict, Iterable, Sequence, Tuple

import numpy as np

from mmeatrack.log import warn

from .boxes import Box

# mmtrack keeps boxes in float32, whose spacing is up to 0.004 px in the largest images.
_LEAST_SIDE = 0.01
_MOST_SHARE = 10


def check_target_box(box_xywh: Sequence[float], image_size: Tuple[int, int]) -> Box:
    """Return the initial box as four Python floats, or refuse one that cannot be tracked.

    Args:
        box_xywh: ``x, y, w, h`` in image px; ``x, y`` is the top-left corner.
        image_size: ``(width, height)`` of the image.

    Raises:
        ValueError: If the box does not have four finite numbers, is narrower than 0.01 px, lies
            outside the image, is given in fractions of the image, or is over 10 times as large.
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
            f'{given}: width and height must be above 0, and at least {_LEAST_SIDE} px. Correct '
            'the initial box (is it x1,y1,x2,y2 by mistake, or in fractions of the image?).'
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
    """Warn if most of a target box lies outside the image, a sign of corners given as a size."""
    x, y, w, h = box_xywh
    width, height = (min(a + b, c) - max(a, 0) for a, b, c in zip((x, y), (w, h), image_size))
    if width * height < w * h / 2:
        warn(
            f'target box x,y,w,h = {list(box_xywh)} in an image of {image_size[0]}x{image_size[1]} '
            'px: most of it lies outside the image. Is it x1,y1,x2,y2 by mistake?'
        )


def check_frame(frame: Any, name: str) -> None:
    """Raise ValueError unless the frame called ``name`` is a uint8 array (H, W, 3)."""
    if not isinstance(frame, np.ndarray):
        found = type(frame).__name__
    elif frame.dtype != np.uint8 or frame.ndim != 3:
        found = f'{frame.dtype} of shape {frame.shape}'
    elif frame.shape[2] != 3 or not frame.size:
        found = f'of shape {frame.shape}'
    else:
        return
    raise ValueError(
        f'{name} is {found}; a frame is a numpy array (H, W, 3) of uint8, BGR. For one '
        'channel use cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR); files are read by read_image and '
        'open_frames of mmeatrack.apis.'
    )


def image_size(frame: np.ndarray) -> Tuple[int, int]:
    """``(width, height)`` of a frame (H, W, 3)."""
    return frame.shape[1], frame.shape[0]


def check_size(size: Tuple[int, int], expected: Tuple[int, int], name: str) -> None:
    """Raise ValueError if the frame called ``name`` has another ``(width, height)`` than before."""
    if size != expected:
        raise ValueError(
            f'{name} has {size[0]}x{size[1]} px after frames of {expected[0]}x{expected[1]}, where '
            'boxes would not fit. Resize it, or start again with its box.'
        )


def check_shares(*others: Any, **values: Any) -> None:
    """Raise ValueError for a value, by name, that is neither in [0, 1] nor in ``others``."""
    _check_values(
        values, others, lambda v: isinstance(v, Real) and 0 <= float(v) <= 1, 'lie between 0 and 1'
    )


def check_counts(*others: Any, **values: Any) -> None:
    """Raise ValueError for a value, by name, that is neither a count >= 1 nor in ``others``."""
    _check_values(
        values, others, lambda v: isinstance(v, int) and v >= 1, 'be a whole number of at least 1'
    )


def _check_values(
    values: Dict[str, Any], others: Sequence[Any], is_valid: Callable[[Any], bool], rule: str
) -> None:
    for name, value in values.items():
        if value not in others and not is_valid(value):
            allowed = ''.join(f', or be {other!r}' for other in others)
            raise ValueError(f'{name}={value!r} must {rule}{allowed}.')


def check_choice(allowed: Iterable[Any], **values: Any) -> None:
    """Raise ValueError for a value, by name, that is not one of those allowed."""
    for name, value in values.items():
        if value not in [*allowed]:
            raise ValueError(f'{name}={value!r} is unknown; it is one of {[*allowed]}.')
