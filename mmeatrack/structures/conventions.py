"""Geometric conventions at test time: this package's and OSTrack's.

With equal weights, boxes differ by these five choices alone. OSTrack
(https://github.com/botaoye/OSTrack) maps boxes back without the half crop pixel that its training
adds, and from the exact centre of the crop although the window is rounded to pixels; it blackens
the last row and column of the image where the crop reaches them, resizes in 8 bits, and grows boxes
to the margin.
"""

from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .array_crops import crop_array, crop_bytes
from .boxes import Box, CropWindow, clip_box, crop_box_to_image


class Convention(NamedTuple):
    """Mapping from frame to crop, and from a box in the crop to a box in the image.

    Attributes:
        crop: Function like :func:`crop_array`.
        box_to_image: Function from box in crop px, window, output size and centre of the box that
            the window was cut around, to the box in image px.
        clip: Function like :func:`clip_box`.
    """

    crop: Callable[[np.ndarray, CropWindow, int], np.ndarray]
    box_to_image: Callable[[Box, CropWindow, int, Sequence[float]], Box]
    clip: Callable[[Box, Tuple[int, int], float], Box]

    def results_in_image(
        self,
        rows: Sequence[Sequence[float]],
        windows: Sequence[CropWindow],
        size: int,
        boxes: Sequence[Box],
    ) -> List[Tuple[Box, List[float]]]:
        """Split rows of network output into boxes, centre and size in image px, and cues.

        Args:
            rows: Centre and size of a box over the crop's side, then its cues.
            windows: Windows of the crops.
            size: Side of the crops in px.
            boxes: Boxes that the windows were cut around.
        """
        results = []
        for (cx, cy, w, h, *cues), window, (*centre, _, _) in zip(rows, windows, boxes):
            in_crop = (cx * size, cy * size, w * size, h * size)
            results.append((self.box_to_image(in_crop, window, size, centre), cues))
        return results


def _ostrack_crop(image: np.ndarray, window: CropWindow, output_size: int) -> np.ndarray:
    # Where the window reaches them, the last row and column are black.
    return crop_bytes(image[:-1, :-1], window, output_size).astype(np.float32)


def _ostrack_box_to_image(
    box_cxcywh: Box, window: CropWindow, output_size: int, centre: Sequence[float]
) -> Box:
    scale = window.size / output_size
    cx, cy, w, h = box_cxcywh
    left, top = centre[0] - window.size / 2, centre[1] - window.size / 2
    return left + cx * scale, top + cy * scale, w * scale, h * scale


def _ostrack_clip(box_cxcywh: Box, image_size: Tuple[int, int], margin: float) -> Box:
    """Clip to the image, then grow to the margin from the upper left corner."""
    cx, cy, w, h = box_cxcywh
    sides = []
    for centre, length, limit in ((cx, w, image_size[0]), (cy, h, image_size[1])):
        low = min(max(0.0, centre - length / 2), limit - margin)
        high = min(max(margin, centre + length / 2), limit)
        sides.append((low, max(margin, high - low)))
    (left, width), (top, height) = sides
    return left + width / 2, top + height / 2, width, height


CONVENTIONS: Dict[Optional[str], Convention] = {
    None: Convention(
        crop_array,
        lambda box, window, output_size, centre: crop_box_to_image(box, window, output_size),
        clip_box,
    ),
    'ostrack': Convention(_ostrack_crop, _ostrack_box_to_image, _ostrack_clip),
}
