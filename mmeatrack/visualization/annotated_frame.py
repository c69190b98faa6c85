"""A frame with boxes, and above it a header that says whose they are and how sure.

Everything is drawn with cv2 on BGR images. Sizes of text and lines follow the width of the result,
which is 640 px at least: smaller frames are enlarged.
"""

from typing import Sequence, Tuple

import cv2
import numpy as np

from mmeatrack.visualization.frame_header import FrameHeader, header_strip
from mmeatrack.visualization.labelled_boxes import LabelledBox, draw_boxes

MIN_WIDTH = 640


def draw_frame(frame: np.ndarray, boxes: Sequence[LabelledBox], header: FrameHeader) -> np.ndarray:
    """Draw boxes into a frame and put the header above it.

    The size of the result is the same for all frames of one size with the same labels. Later
    boxes are drawn over earlier ones, and dashed ones over all.

    Args:
        frame: (H, W, 3), uint8, BGR; it is not changed.
        boxes: The boxes in px of ``frame``.
        header: What the first line says.

    Returns:
        (H', W', 3), uint8, BGR; H' and W' are even, as video codecs want them.

    Raises:
        ValueError: If the frame is of another kind.
    """
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
        raise ValueError(
            f'a frame of {frame.dtype} and shape {frame.shape} cannot be drawn on; give (H, W, 3) '
            'of uint8, BGR.'
        )
    image, scale = _enlarge(frame)
    unit = (image.shape[1] / MIN_WIDTH) ** 0.8  # large pictures need less of their width for text
    draw_boxes(image, boxes, scale, unit)
    strip = header_strip(image.shape[1], boxes, header, unit)
    return np.vstack((strip, image))


def _enlarge(frame: np.ndarray) -> Tuple[np.ndarray, float]:
    """A copy of the frame of even size and at least MIN_WIDTH px width, and its scale."""
    height, width = frame.shape[:2]
    new_width = max(MIN_WIDTH, width - width % 2)
    scale = new_width / width
    new_height = max(2, round(height * scale / 2) * 2)
    if (new_width, new_height) == (width, height):
        return frame.copy(), 1.0
    return cv2.resize(frame, (new_width, new_height), interpolation=cv2.INTER_CUBIC), scale
