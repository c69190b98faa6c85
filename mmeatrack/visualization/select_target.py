"""Box that a person draws in a window."""

import dataclasses
from itertools import chain
from typing import Tuple

import cv2

from mmeatrack.files.frame_sources import FrameSource
from mmeatrack.structures.boxes import Box


def select_target(source: FrameSource) -> Tuple[FrameSource, Box]:
    """Let a person draw the target in the first frame, in a window of OpenCV's.

    Returns the frames, the first one among them, and the box x, y, w, h in image px. ValueError if
    no box was drawn.
    """
    frames = iter(source)
    first = next(frames)
    title = f'{source.name}: drag a box, then Enter; c cancels'
    x, y, w, h = (float(value) for value in cv2.selectROI(title, first, False))
    cv2.destroyWindow(title)
    if not w or not h:
        raise ValueError('no box was drawn. Drag one around the target, then press Enter.')
    return dataclasses.replace(source, frames=chain([first], frames)), (x, y, w, h)
