"""Bars and text on BGR images, in sizes that follow a unit: 1 where the image is 640 px wide."""

from typing import List, Tuple

import cv2
import numpy as np

Color = Tuple[int, int, int]
Rect = Tuple[float, float, float, float]

TEXT_COLOR: Color = (240, 240, 240)
TEXT_SIZE = 0.45
_CAPITALS = 21  # their height in px at font scale 1
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def px(length: float, unit: float) -> int:
    """A length given for an image of 640 px width, in whole px of this one: 1 at least."""
    return max(1, round(length * unit))


def fill_rect(image: np.ndarray, rect: Rect, color: Color) -> None:
    """Fill a rectangle ``(left, top, right, bottom)``, as far as it is inside; edges are rounded.

    ``right`` and ``bottom`` are the first px beyond it.
    """
    height, width = image.shape[:2]
    left, right = (round(min(max(value, 0), width)) for value in (rect[0], rect[2]))
    top, bottom = (round(min(max(value, 0), height)) for value in (rect[1], rect[3]))
    image[top:bottom, left:right] = color


def dashes(rect: Rect, length: float) -> List[Rect]:
    """Cut a bar into pieces along its longer side, with gaps as long as the pieces.

    There is a piece at both ends: 2 pieces at least, 250 at most.
    """
    left, top, right, bottom = rect
    is_flat = right - left >= bottom - top
    start, end = (left, right) if is_flat else (top, bottom)
    count = max(3, min(499, round((end - start) / length)))
    count += 1 - count % 2
    edges = [start + (end - start) * index / count for index in range(count + 1)]
    spans = zip(edges[::2], edges[1::2])
    return [(a, top, b, bottom) if is_flat else (left, a, right, b) for a, b in spans]


def draw_text(
    image: np.ndarray,
    text: str,
    left: int,
    middle: int,
    unit: float,
    color: Color = TEXT_COLOR,
    size: float = TEXT_SIZE,
) -> None:
    """Draw text whose capitals stand around the height ``middle``; ``size`` is cv2's font scale."""
    origin = (left, middle + round(_CAPITALS * size * unit / 2))
    width = _text_thickness(unit)
    cv2.putText(image, text, origin, _FONT, size * unit, color, width, cv2.LINE_AA)


def text_width(text: str, unit: float, size: float = TEXT_SIZE) -> int:
    """Width of the text in px."""
    return cv2.getTextSize(text, _FONT, size * unit, _text_thickness(unit))[0][0]


def _text_thickness(unit: float) -> int:
    return px(0.55, unit)


def shorten(text: str, width: int, unit: float) -> str:
    """The text, or as much of its start as fits into ``width`` px."""
    if text_width(text, unit) <= width:
        return text
    while text and text_width(f'{text}...', unit) > width:
        text = text[:-1]
    return f'{text}...'
