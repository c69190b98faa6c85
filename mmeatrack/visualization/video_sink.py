"""Video files that are complete under their names, or absent."""

import os
from itertools import chain
from pathlib import Path
from typing import Any, Iterable, Optional, Tuple, Union

import cv2
import numpy as np

from mmeatrack.files.atomic import replace_durably
from mmeatrack.log import warn

# Every OpenCV build that reads videos can write these.
CODECS = {'.mp4': 'mp4v', '.avi': 'MJPG'}
MAX_SIDES = {'.mp4': 8190, '.avi': 65534}  # px
MIN_FPS, MAX_FPS = 0.01, 1000.0
# MPEG-4 stores a rate as a fraction of 16-bit numbers. OpenCV derives it from the rate's decimals,
# three at most: 66.667 would be 66667/1000.
_MAX_NUMERATOR = 65535
_DECIMALS = 3


def check_fps(fps: float, source: str) -> float:
    """Return a valid frame rate of a video; ValueError for any other number."""
    if not MIN_FPS <= fps <= MAX_FPS:
        raise ValueError(f'{source}: {fps} frames per second; give {MIN_FPS:g} to {MAX_FPS:g}.')
    return fps


def container_fps(fps: float, suffix: str) -> float:
    """Frame rate nearest to ``fps`` that the container can store.

    ``.avi`` stores any rate; in ``.mp4`` rates of 65.5 and more are rounded to fewer decimals.
    """
    if CODECS[suffix.lower()] != 'mp4v':
        return fps
    decimals = _DECIMALS
    while round(fps * 10**decimals) > _MAX_NUMERATOR:
        decimals -= 1
    return fps if decimals == _DECIMALS else round(fps, decimals)


def partial_path(path: Path) -> Path:
    """Hidden temporary name of a video, with its suffix, from which encoders choose the container.

    Absolute: FFmpeg takes the start of a relative name up to a colon for a protocol.
    """
    return path.absolute().with_name(f'.{path.stem}.{os.getpid()}.partial{path.suffix}')


def check_video_frame(frame: np.ndarray, size: Tuple[int, int], path: Path, number: int) -> None:
    """Raise ValueError unless a frame is uint8, (height, width, 3) for ``size`` (width, height)."""
    expected = (size[1], size[0], 3)
    if frame.shape != expected or frame.dtype != np.uint8:
        raise ValueError(
            f'{path}: frame {number} is {frame.dtype} of shape {frame.shape}; the video was opened '
            f'for uint8 of shape {expected}.'
        )


class VideoSink:
    """Writer of a video file in a ``with`` block.

    The video grows under a hidden temporary name and is renamed when the block ends, even by an
    exception: the frames written so far are kept. Without a frame no file is left.

    Args:
        path: ``.mp4`` or ``.avi``; missing folders are made, an existing file is replaced.
        fps: Frames per second, 0.01 to 1000. A rate that the container cannot store is rounded
            (:func:`container_fps`), with a warning.
        size: (width, height) of all frames in px, both even and at most 8190, of ``.avi`` 65534.

    Attributes:
        fps: Frame rate stored in the file.
        num_frames: Frames written so far.

    Raises:
        ValueError: If the suffix, ``fps`` or ``size`` is not supported.
        RuntimeError: If the file cannot be opened or finished.

    Example:
        >>> with VideoSink('track.mp4', fps=30, size=(640, 480)) as sink:
        ...     sink.write(frame)
    """

    def __init__(self, path: Union[str, Path], fps: float, size: Tuple[int, int]) -> None:
        self.path = Path(path)
        self.size = size
        self.num_frames = 0
        self._partial = partial_path(self.path)
        self._writer: Optional[cv2.VideoWriter] = None
        suffix = self.path.suffix.lower()
        if suffix not in CODECS:
            raise ValueError(f'{self.path}: the name of a video ends in {" or ".join(CODECS)}.')
        # The codecs store blocks of even size and would crop the rest.
        if min(size) < 2 or size[0] % 2 or size[1] % 2:
            raise ValueError(f'{self.path}: frames of {size} px; width and height must be even.')
        if max(size) > MAX_SIDES[suffix]:
            limits = ', '.join(f'{name} at most {side}' for name, side in MAX_SIDES.items())
            raise ValueError(
                f'{self.path}: frames of {size[0]}x{size[1]} px. Sides in px are limited: {limits}.'
            )
        self._given_fps = check_fps(fps, str(self.path))
        self.fps = container_fps(fps, suffix)

    def __enter__(self) -> 'VideoSink':
        if abs(self.fps - self._given_fps) > 0.5 * 10**-_DECIMALS:
            warn(
                f'{self.path}: {self._given_fps:g} frames per second rounded to {self.fps:g}; '
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
                f'{self._partial}: the video cannot be written. Check the permissions of the '
                f'folder and the free space. If OpenCV lacks the codec {codec}, use another '
                f'suffix of {", ".join(CODECS)}, or pip install opencv-python-headless.'
            )
        return self

    def write(self, frame: np.ndarray) -> None:
        """Append a frame (height, width, 3), uint8, BGR; ValueError for another size or type."""
        check_video_frame(frame, self.size, self.path, self.num_frames)  # OpenCV would drop it
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
        elif kind is None:  # otherwise the exception of the block is the error to report
            raise RuntimeError(
                f'{self._partial}: holds {written} of {self.num_frames} frames. Is the disk full?'
            )


def write_video(path: Union[str, Path], fps: float, frames: Iterable[np.ndarray]) -> None:
    """Write frames of one size to a video, see :class:`VideoSink`."""
    frames = iter(frames)
    first = next(frames)
    with VideoSink(path, fps, (first.shape[1], first.shape[0])) as sink:
        for frame in chain([first], frames):
            sink.write(frame)


def _count_frames(path: Path) -> int:
    """Frames in a video file by its index; 0 if it cannot be read."""
    capture = cv2.VideoCapture(str(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    capture.release()
    return count
