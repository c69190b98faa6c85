"""Writing of a video file that is either whole or not there."""

import os
from pathlib import Path
from types import TracebackType
from typing import Optional, Tuple, Type, Union

import cv2
import numpy as np

# What every build of OpenCV that reads videos can write.
CODECS = {'.mp4': 'mp4v', '.avi': 'MJPG'}


class VideoSink:
    """A video file that frames are written to, in a ``with`` block.

    The video grows under a temporary name, ``<stem>.part<suffix>``, and gets its own at the
    block's end, also where an exception ends it: what was written by then is kept. Where no frame
    was written no file is left.

    Args:
        path: ``.mp4`` or ``.avi``; missing folders are made, a file that is there is replaced.
        fps: Frames per second of the video.
        size: (width, height) in px of all its frames.

    Raises:
        ValueError: If the suffix, ``fps`` or ``size`` cannot be written.
        RuntimeError: If the file cannot be opened or finished.

    Example:
        >>> with VideoSink('track.mp4', fps=30, size=(640, 480)) as sink:
        ...     sink.write(frame)
    """

    def __init__(self, path: Union[str, Path], fps: float, size: Tuple[int, int]) -> None:
        self.path = Path(path)
        self.fps, self.size = fps, size
        self.num_frames = 0
        self._part = self.path.with_name(f'{self.path.stem}.part{self.path.suffix}')
        self._writer: Optional[cv2.VideoWriter] = None
        if self.path.suffix.lower() not in CODECS:
            raise ValueError(f'{self.path}: the name of a video ends in {" or ".join(CODECS)}.')
        if not 0 < fps < 1000:
            raise ValueError(f'{self.path}: {fps} frames per second; give more than 0, below 1000.')
        # The codecs store blocks of even size and would cut the rest off.
        if min(size) < 2 or size[0] % 2 or size[1] % 2:
            raise ValueError(f'{self.path}: frames of {size} px; width and height must be even.')

    def __enter__(self) -> 'VideoSink':
        self.path.parent.mkdir(parents=True, exist_ok=True)
        codec = CODECS[self.path.suffix.lower()]
        fourcc = cv2.VideoWriter.fourcc(*codec)
        self._writer = cv2.VideoWriter(str(self._part), fourcc, self.fps, self.size)
        if not self._writer.isOpened():
            if self._part.is_file():
                self._part.unlink()
            raise RuntimeError(
                f'{self._part}: the video cannot be written. May you write to this folder, and is '
                f'there space? Or OpenCV lacks the codec {codec}: try another suffix of '
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

    def __exit__(
        self,
        exc_type: Optional[Type[BaseException]],
        exc: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        assert self._writer is not None
        self._writer.release()
        self._writer = None
        if not self.num_frames:
            self._part.unlink(missing_ok=True)
            return
        written = _count_frames(self._part)
        if written == self.num_frames:
            os.replace(self._part, self.path)
        elif exc is None:  # else that is the error to tell
            raise RuntimeError(
                f'{self._part}: holds {written} of {self.num_frames} frames. Is the disk full?'
            )


def _count_frames(path: Path) -> int:
    """Frames in a video file by its index; 0 if it cannot be read."""
    capture = cv2.VideoCapture(str(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    capture.release()
    return count
