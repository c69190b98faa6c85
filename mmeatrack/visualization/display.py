"""OpenCV windows: check for a display, frames on the screen, and a target drawn by the user."""

import dataclasses
import os
import re
import sys
from itertools import chain
from typing import TYPE_CHECKING, Tuple

import cv2

if TYPE_CHECKING:
    import numpy as np

    from mmeatrack.files.frame_sources import FrameSource
    from mmeatrack.structures.boxes import Box

_ESCAPE = 27


def check_display(option: str) -> None:
    """Raise RuntimeError if OpenCV can open no window; Qt would end the process without an error.

    Args:
        option: Command line option that asks for the window, named in the error.
    """
    has_screen = sys.platform != 'linux' or any(map(os.getenv, ('DISPLAY', 'WAYLAND_DISPLAY')))
    if re.search(r'GUI:\s+NONE', cv2.getBuildInformation()) or not has_screen:
        raise RuntimeError(
            f'{option}: no window can be opened: there is no screen, or OpenCV is '
            f'opencv-python-headless. Omit {option}, or install opencv-python.'
        )


def show_frame(title: str, image: 'np.ndarray') -> bool:
    """Show a frame (H, W, 3), uint8, BGR, in a window; return False once q or Escape is pressed."""
    cv2.imshow(title, image)
    return cv2.waitKey(1) & 0xFF not in (ord('q'), _ESCAPE)


def select_target(source: 'FrameSource') -> 'Tuple[FrameSource, Box]':
    """Let the user draw the target in the first frame, in an OpenCV window.

    Returns:
        The source, still with its first frame, and the box x, y, w, h in image px.

    Raises:
        ValueError: If no box was drawn.
    """
    frames = iter(source)
    first = next(frames)
    title = f'{source.name}: drag a box, then Enter; c cancels'
    x, y, w, h = map(float, cv2.selectROI(title, first, False))
    cv2.destroyWindow(title)
    if not w or not h:
        raise ValueError('no box was drawn. Drag one around the target, then press Enter.')
    return dataclasses.replace(source, frames=chain([first], frames)), (x, y, w, h)
