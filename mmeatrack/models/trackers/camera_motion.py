"""Shift of the whole image between two frames, by phase correlation."""

from typing import Optional, Tuple

import cv2
import numpy as np
from torch import Tensor

# Longer side of the reduced frames, in px: less than a millisecond on one core.
_SIDE = 192
# Weaker responses are those of frames that have little in common.
_LEAST_RESPONSE = 0.08


class CameraMotion:
    """Tells how far the background has moved since the last frame.

    A drone that turns moves everything in the image at once, and a target by more than its size.
    Phase correlation of reduced grey frames finds the shift that most of the image shares.
    """

    def __init__(self) -> None:
        self._last: Optional[np.ndarray] = None
        self._window: Optional[np.ndarray] = None

    def update(self, img: Tensor) -> Tuple[float, float]:
        """Take a frame; returns its shift in px, x and y.

        Args:
            img: (1, 3, H, W) raw frame.

        Returns:
            (0, 0) for the first frame, for one of another size and where the two do not match.
        """
        step = max(round(max(img.shape[-2:]) / _SIDE), 1)
        grey = img[0, 1, step // 2 :: step, step // 2 :: step].cpu().numpy().astype(np.float32)
        last, self._last = self._last, grey
        if last is None or last.shape != grey.shape or min(grey.shape) < 16:
            return 0.0, 0.0
        if self._window is None or self._window.shape != grey.shape:
            self._window = cv2.createHanningWindow((grey.shape[1], grey.shape[0]), cv2.CV_32F)
        (x, y), response = cv2.phaseCorrelate(last, grey, self._window)
        if response < _LEAST_RESPONSE or not np.isfinite([x, y]).all():
            return 0.0, 0.0
        return x * step, y * step
