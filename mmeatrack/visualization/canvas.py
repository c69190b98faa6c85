"""Drawing on BGR images: bars, dashed lines and text, in sizes that follow the image's width."""

from typing import List, Tuple

import cv2
import numpy as np

from mmeatrack.structures.checks import check_frame

Color = Tuple[int, int, int]  # B, G, R
Rect = Tuple[float, float, float, float]  # left, top, right, bottom; the last two lie beyond it

MIN_WIDTH = 640
TEXT_COLOR: Color = (240, 240, 240)
TEXT_SIZE = 0.45
_CAPITALS = 21  # height in px of a capital letter at font scale 1
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class Canvas:
    """An image to draw on, with its scale and its font.

    Lengths of lines and text are given for an image of 640 px width and grow with the width.

    Args:
        image: (H, W, 3), uint8, BGR; it is changed.
        scale: px of the image for one px of the frame that it shows.

    Attributes:
        image: The image.
        scale: As given.
        unit: px of the image for one px of an image of 640 px width.
    """

    def __init__(self, image: np.ndarray, scale: float = 1.0) -> None:
        self.image, self.scale = image, scale
        # Large pictures need less of their width for text.
        self.unit = (image.shape[1] / MIN_WIDTH) ** 0.8
        self._thickness = self.px(0.55)

    @classmethod
    def of_frame(cls, frame: np.ndarray) -> 'Canvas':
        """A canvas with a copy of a frame (H, W, 3), of even size and at least 640 px wide."""
        check_frame(frame, 'the frame to draw on')
        height, width = frame.shape[:2]
        new_width = max(MIN_WIDTH, width - width % 2)
        scale = new_width / width
        new_height = max(2, round(height * scale / 2) * 2)
        if (new_width, new_height) == (width, height):
            return cls(frame.copy())
        size = (new_width, new_height)
        return cls(cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC), scale)

    @classmethod
    def blank(cls, width: int, height: int, color: Color) -> 'Canvas':
        """A canvas of one colour."""
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
        """A length for an image of 640 px width, in whole px of this one: at least 1."""
        return max(1, round(length * self.unit))

    def fill(self, rect: Rect, color: Color) -> None:
        """Fill a rectangle as far as it lies within the image; edges are rounded to px."""
        left, right = (round(min(max(value, 0), self.width)) for value in (rect[0], rect[2]))
        top, bottom = (round(min(max(value, 0), self.height)) for value in (rect[1], rect[3]))
        self.image[top:bottom, left:right] = color

    def text(
        self, text: str, left: int, middle: int, color: Color = TEXT_COLOR, size: float = TEXT_SIZE
    ) -> None:
        """Draw text from ``left`` on whose capitals are centred on the height ``middle``, in px.

        ``size`` is OpenCV's font scale in an image of 640 px width.
        """
        origin = (left, middle + round(_CAPITALS * size * self.unit / 2))
        font_scale = size * self.unit
        cv2.putText(
            self.image, text, origin, _FONT, font_scale, color, self._thickness, cv2.LINE_AA
        )

    def text_width(self, text: str, size: float = TEXT_SIZE) -> int:
        """Width of a text in px."""
        return int(cv2.getTextSize(text, _FONT, size * self.unit, self._thickness)[0][0])

    def shorten(self, text: str, width: int) -> str:
        """The text, or as much of its start as fits into ``width`` px."""
        if self.text_width(text) <= width:
            return text
        while text and self.text_width(f'{text}...') > width:
            text = text[:-1]
        return f'{text}...'


def dashes(rect: Rect, length: float) -> List[Rect]:
    """Cut a bar into pieces along its longer side, with gaps as long as the pieces.

    Both ends have a piece: there are at least 2 pieces and at most 250.
    """
    left, top, right, bottom = rect
    is_flat = right - left >= bottom - top
    start, end = (left, right) if is_flat else (top, bottom)
    count = max(3, min(499, round((end - start) / length)))
    count += 1 - count % 2
    edges = [start + (end - start) * index / count for index in range(count + 1)]
    spans = zip(edges[::2], edges[1::2])
    return [(a, top, b, bottom) if is_flat else (left, a, right, b) for a, b in spans]
