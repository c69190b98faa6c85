"""Checks of single frames."""

from typing import Any, Tuple

import numpy as np


def check_frame(frame: Any, name: str) -> None:
    """Check a frame; ValueError, with its ``name``, if it is no array (H, W, 3) of uint8."""
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
    """Check a frame's (width, height); ValueError, with its ``name``, if it has changed."""
    if size != expected:
        raise ValueError(
            f'{name} has {size[0]}x{size[1]} px after frames of {expected[0]}x{expected[1]}, where '
            'boxes would not fit. Resize it, or begin anew with its box.'
        )
