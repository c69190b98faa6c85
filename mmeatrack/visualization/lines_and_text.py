"""Lines and text on BGR images, in sizes that follow a unit: 1 where the image is 640 px wide."""

import math
from typing import List, Tuple

import cv2
import numpy as np

Color = Tuple[int, int, int]
Point = Tuple[float, float]

TEXT_COLOR: Color = (240, 240, 240)
TEXT_SIZE = 0.45
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SUBPIXEL_BITS = 4


def px(length: float, unit: float) -> int:
    """A length given for an image of 640 px width, in whole px of this one: 1 at least."""
    return max(1, round(length * unit))


def draw_line(
    image: np.ndarray, start: Point, end: Point, color: Color, width: int, dash: float = 0
) -> None:
    """Draw a straight line at sub-pixel exact ends; with ``dash`` px long pieces if it is > 0."""
    limit = 4 * max(image.shape)  # the ends of far boxes would overflow cv2's integers
    for piece in _dashes(start, end, dash) if dash > 0 else [(start, end)]:
        ends = [
            tuple(round(min(max(value, -limit), limit) * 2**_SUBPIXEL_BITS) for value in point)
            for point in piece
        ]
        cv2.line(image, ends[0], ends[1], color, width, cv2.LINE_AA, _SUBPIXEL_BITS)


def _dashes(start: Point, end: Point, length: float) -> List[Tuple[Point, Point]]:
    """Pieces and as long gaps, with a piece at both ends: 2 pieces at least, 250 at most."""
    count = max(3, min(499, round(math.dist(start, end) / length)))
    count += 1 - count % 2

    def at(index: int) -> Point:
        share = index / count
        return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])

    return [(at(index), at(index + 1)) for index in range(0, count, 2)]


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
    width = _text_thickness(unit)
    (_, height), _ = cv2.getTextSize('T', _FONT, size * unit, width)
    origin = (left, middle + height // 2)
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
