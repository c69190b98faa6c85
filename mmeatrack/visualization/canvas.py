"""Drawing on BGR images: bars, dashes and text, in sizes that scale with the image width."""

from typing import List, Tuple

import cv2
import numpy as np

from mmeatrack.structures.checks import check_frame

Color = Tuple[int, int, int]  # B, G, R
Rect = Tuple[float, float, float, float]  # left, top, right, bottom; the last two exclusive

MIN_WIDTH = 640
TEXT_COLOR: Color = (240, 240, 240)
TEXT_SIZE = 0.45
_CAPITALS = 21  # height of a capital letter in px at font scale 1
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class Canvas:
    """Image to draw on, with its scale and font.

    Line and text sizes are given for an image 640 px wide and scale with the width.

    Args:
        image: (H, W, 3), uint8, BGR; it is changed.
        scale: Image px per px of the frame that it shows.

    Attributes:
        unit: Image px per px of an image 640 px wide.
    """

    def __init__(self, image: np.ndarray, scale: float = 1.0) -> None:
        self.image, self.scale = image, scale
        # Text needs a smaller share of a large picture.
        self.unit = (image.shape[1] / MIN_WIDTH) ** 0.8
        self._thickness = self.px(0.55)

    @classmethod
    def of_frame(cls, frame: np.ndarray) -> 'Canvas':
        """Canvas with a copy of a frame (H, W, 3), of even size and at least 640 px wide."""
        check_frame(frame, 'the frame to draw on')
        height, width = frame.shape[:2]
        new_width = max(MIN_WIDTH, width - width % 2)
        scale = new_width / width
        size = (new_width, max(2, round(height * scale / 2) * 2))
        if size == (width, height):
            return cls(frame.copy())
        return cls(cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC), scale)

    @classmethod
    def blank(cls, width: int, height: int, color: Color) -> 'Canvas':
        """Canvas of one colour."""
        return cls(np.full((height, width, 3), color, np.uint8))

    @property
    def width(self) -> int:
        """Width of the image in px."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Height of the image in px."""
        return int(self.image.shape[0])

    def px(self, length: float) -> int:
        """Whole px, at least 1, for a length in an image 640 px wide."""
        return max(1, round(length * self.unit))

    def fill(self, rect: Rect, color: Color) -> None:
        """Fill the part of a rectangle inside the image; edges are rounded to px."""
        left, right = (round(min(max(value, 0), self.width)) for value in (rect[0], rect[2]))
        top, bottom = (round(min(max(value, 0), self.height)) for value in (rect[1], rect[3]))
        self.image[top:bottom, left:right] = color

    def text(
        self, text: str, left: int, middle: int, color: Color = TEXT_COLOR, size: float = TEXT_SIZE
    ) -> None:
        """Draw text that starts at column ``left``, its capitals centred on row ``middle``.

        ``size`` is OpenCV's font scale for an image 640 px wide.
        """
        font_scale = size * self.unit
        origin = (left, middle + round(_CAPITALS * size * self.unit / 2))
        cv2.putText(
            self.image, text, origin, _FONT, font_scale, color, self._thickness, cv2.LINE_AA
        )

    def text_width(self, text: str, size: float = TEXT_SIZE) -> int:
        """Width of a text in px."""
        return int(cv2.getTextSize(text, _FONT, size * self.unit, self._thickness)[0][0])

    def shorten(self, text: str, width: int) -> str:
        """Return the text, truncated with an ellipsis if it is wider than ``width`` px."""
        if self.text_width(text) <= width:
            return text
        while text and self.text_width(f'{text}...') > width:
            text = text[:-1]
        return f'{text}...'


def dashes(rect: Rect, length: float) -> List[Rect]:
    """Cut a bar along its longer side into 2 to 250 dashes with gaps of equal length."""
    left, top, right, bottom = rect
    is_flat = right - left >= bottom - top
    start, end = (left, right) if is_flat else (top, bottom)
    count = max(3, min(499, round((end - start) / length)))
    count += 1 - count % 2
    edges = [start + (end - start) * index / count for index in range(count + 1)]
    spans = zip(edges[::2], edges[1::2])
    return [(a, top, b, bottom) if is_flat else (left, a, right, b) for a, b in spans]
