"""Video files that are whole under their names, or not there."""

import os
from pathlib import Path
from typing import Any, Optional, Tuple, Union

import cv2
import numpy as np

from mmeatrack.files.atomic import replace_durably
from mmeatrack.log import warn

# Every build of OpenCV that reads videos can write these.
CODECS = {'.mp4': 'mp4v', '.avi': 'MJPG'}
MAX_SIDES = {'.mp4': 8190, '.avi': 65534}  # px
MIN_FPS, MAX_FPS = 0.01, 1000.0
# MPEG-4 stores a rate as a fraction of 16-bit numbers. OpenCV makes it of as many decimals as the
# rate has, three at most: 66.667 would be 66667/1000.
_MAX_NUMERATOR = 65535
_DECIMALS = 3


def check_fps(fps: float, source: str) -> float:
    """Return a frame rate that a video can have; ValueError if it is no such number."""
    if not MIN_FPS <= fps <= MAX_FPS:
        raise ValueError(f'{source}: {fps} frames per second; give {MIN_FPS:g} to {MAX_FPS:g}.')
    return fps


def container_fps(fps: float, suffix: str) -> float:
    """Frame rate that a container can store, the nearest to ``fps``.

    ``.avi`` takes all, ``.mp4`` rounds rates of 65.5 and more to as many decimals as fit.
    """
    if CODECS[suffix.lower()] != 'mp4v':
        return fps
    decimals = _DECIMALS
    while round(fps * 10**decimals) > _MAX_NUMERATOR:
        decimals -= 1
    return fps if decimals == _DECIMALS else round(fps, decimals)


class VideoSink:
    """A video file that frames are written to, in a ``with`` block.

    The video grows under a hidden temporary name and gets its own at the block's end, also if an
    exception ends the block: the frames written by then are kept. Without a frame no file is left.

    Args:
        path: ``.mp4`` or ``.avi``; missing folders are made, an existing file is replaced.
        fps: Frames per second of the video, 0.01 to 1000. A rate that the container cannot store is
            rounded (:func:`container_fps`), with a warning.
        size: (width, height) of all frames in px, both even and at most 8190, of ``.avi`` 65534.

    Attributes:
        fps: Frames per second that the file says.
        num_frames: Frames written so far.

    Raises:
        ValueError: If the suffix, ``fps`` or ``size`` cannot be written.
        RuntimeError: If the file cannot be opened or finished.

    Example:
        >>> with VideoSink('track.mp4', fps=30, size=(640, 480)) as sink:
        ...     sink.write(frame)
    """

    def __init__(self, path: Union[str, Path], fps: float, size: Tuple[int, int]) -> None:
        self.path = Path(path)
        self.asked_fps, self.size = fps, size
        self.num_frames = 0
        # OpenCV chooses the container by the suffix.
        partial = f'.{self.path.stem}.{os.getpid()}.partial{self.path.suffix}'
        # Absolute: FFmpeg takes what stands before a colon in a relative name for a protocol.
        self._partial = self.path.absolute().with_name(partial)
        self._writer: Optional[cv2.VideoWriter] = None
        if self.path.suffix.lower() not in CODECS:
            raise ValueError(f'{self.path}: the name of a video ends in {" or ".join(CODECS)}.')
        check_fps(fps, str(self.path))
        # The codecs store blocks of even size and would cut the rest off.
        if min(size) < 2 or size[0] % 2 or size[1] % 2:
            raise ValueError(f'{self.path}: frames of {size} px; width and height must be even.')
        if max(size) > MAX_SIDES[self.path.suffix.lower()]:
            limits = ', '.join(f'{name} at most {side}' for name, side in MAX_SIDES.items())
            raise ValueError(
                f'{self.path}: frames of {size[0]}x{size[1]} px. Sides in px are limited: {limits}.'
            )
        self.fps = container_fps(fps, self.path.suffix)

    def __enter__(self) -> 'VideoSink':
        if abs(self.fps - self.asked_fps) > 0.5 * 10**-_DECIMALS:
            warn(
                f'{self.path}: {self.asked_fps:g} frames per second rounded to {self.fps:g}; '
                f'{self.path.suffix} stores no finer rate.'
            )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        codec = CODECS[self.path.suffix.lower()]
        fourcc = cv2.VideoWriter.fourcc(*codec)
        self._writer = cv2.VideoWriter(str(self._partial), fourcc, self.fps, self.size)
        if not self._writer.isOpened():
            if self._partial.is_file():
                self._partial.unlink()
            raise RuntimeError(
                f'{self._partial}: the video cannot be written. May you write to this folder, and '
                f'is there space? Or OpenCV lacks the codec {codec}: try another suffix of '
                f'{", ".join(CODECS)}, or pip install opencv-python-headless.'
            )
        return self

    def write(self, frame: np.ndarray) -> None:
        """Append a frame (height, width, 3), uint8, BGR.

        Raises:
            ValueError: If it is of another size or type, which OpenCV would leave out silently.
        """
        expected = (self.size[1], self.size[0], 3)
        if frame.shape != expected or frame.dtype != np.uint8:
            raise ValueError(
                f'{self.path}: frame {self.num_frames} is {frame.dtype} of shape {frame.shape}; '
                f'the video was opened for uint8 of shape {expected}.'
            )
        assert self._writer is not None, 'write belongs into the with block'
        self._writer.write(frame)
        self.num_frames += 1

    def __exit__(self, kind: Any, *_: Any) -> None:
        assert self._writer is not None
        self._writer.release()
        self._writer = None
        if not self.num_frames:
            self._partial.unlink(missing_ok=True)
            return
        written = _count_frames(self._partial)
        if written == self.num_frames:
            replace_durably(self._partial, self.path)
        elif kind is None:  # else that is the error to tell
            raise RuntimeError(
                f'{self._partial}: holds {written} of {self.num_frames} frames. Is the disk full?'
            )


def _count_frames(path: Path) -> int:
    """Frames in a video file by its index; 0 if it cannot be read."""
    capture = cv2.VideoCapture(str(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    capture.release()
    return count
