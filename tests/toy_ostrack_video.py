"""OSTrack's test on a video in numpy and OpenCV, from its description."""

import math
from typing import Callable, List, Sequence, Tuple

import cv2
import numpy as np

Maps = Tuple[np.ndarray, np.ndarray, np.ndarray]


def cut(image: np.ndarray, box: Sequence[float], factor: float, size: int) -> Tuple:
    """Crop (size, size, 3) around x, y, w, h without the image's last row and column; scale."""
    x, y, w, h = box
    side = math.ceil(math.sqrt(w * h) * factor)
    left, top = round(x + 0.5 * w - side * 0.5), round(y + 0.5 * h - side * 0.5)
    rows, columns = (start + np.arange(side) for start in (top, left))
    shown = []
    for pixels, length in ((rows, image.shape[0]), (columns, image.shape[1])):
        lost = (pixels[-1] >= length - 1) & (pixels == length - 1)
        shown.append((pixels >= 0) & (pixels < length) & ~lost)
    canvas = image[rows.clip(0, image.shape[0] - 1)][:, columns.clip(0, image.shape[1] - 1)]
    canvas = canvas * np.outer(*shown)[..., None].astype(np.uint8)
    return cv2.resize(canvas, (size, size)), size / side


def clip(box: Sequence[float], height: int, width: int, margin: float = 10) -> List[float]:
    x, y, w, h = box
    left, right = min(max(0, x), width - margin), min(max(margin, x + w), width)
    upper, lower = min(max(0, y), height - margin), min(max(margin, y + h), height)
    return [left, upper, max(margin, right - left), max(margin, lower - upper)]


def track(
    network: Callable[[np.ndarray, np.ndarray], Maps],
    frames: Sequence[np.ndarray],
    box: Sequence[float],
    template_size: int,
    search_size: int,
    search_factor: float = 4.0,
) -> np.ndarray:
    """Boxes (frames - 1, 4) x, y, w, h.

    Args:
        network: From template and search crop, RGB uint8, to score and size map after the sigmoid
            and offset map, each (channels, cells, cells).
        frames: (H, W, 3) uint8, RGB.
        box: First box x, y, w, h.
        template_size, search_size: Sides of the crops.
        search_factor: Factor of the search crop.
    """
    template, _ = cut(frames[0], box, 2.0, template_size)
    boxes = []
    for frame in frames[1:]:
        crop, scale = cut(frame, box, search_factor, search_size)
        score, size, offset = network(template, crop)
        cells = score.shape[-1]
        steps = np.arange(1, cells + 1)
        hann = 0.5 * (1 - np.cos(2 * np.pi * steps / (cells + 1)))
        row, column = np.unravel_index((score[0] * np.outer(hann, hann)).argmax(), score[0].shape)
        cx = (column + offset[0, row, column]) / cells * search_size / scale
        cy = (row + offset[1, row, column]) / cells * search_size / scale
        w, h = (size[axis, row, column] * search_size / scale for axis in (0, 1))
        half = 0.5 * search_size / scale
        cx += box[0] + 0.5 * box[2] - half
        cy += box[1] + 0.5 * box[3] - half
        box = clip((cx - 0.5 * w, cy - 0.5 * h, w, h), *frame.shape[:2])
        boxes.append(box)
    return np.array(boxes)
