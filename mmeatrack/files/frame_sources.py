"""Frames of a video file, a folder of images, a camera or a stream, one after another."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Optional, Union

import cv2
import numpy as np

from mmeatrack.files.frame_files import IMAGE_SUFFIXES, list_frames
from mmeatrack.files.image_file import read_image
from mmeatrack.files.live_frames import live_frames
from mmeatrack.files.sequence_names import name_by_folder
from mmeatrack.log import warn

_TEXT_SUFFIXES = ('.txt', '.nfo', '.asc', '.diz', '.ice', '.art', '.ans', '.vt')


@dataclass(frozen=True)
class FrameSource:
    """An open input, whose frames can be taken once.

    Attributes:
        name: A name for it: the sequence's, the video's.
        frames: The frames from ``start_frame`` on, each (H, W, 3), uint8, BGR.
        start_frame: Number of the first one, counted from 0.
        num_frames: Frames in the whole input; None if unknown. For a video it is what the file
            says, which some containers only estimate.
        is_exact: Whether ``num_frames`` is certain.
        fps: Frames per second as the input says; None if it does not.
    """

    name: str
    frames: Iterator[np.ndarray]
    start_frame: int
    num_frames: Optional[int] = None
    is_exact: bool = False
    fps: Optional[float] = None

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield the remaining frames; RuntimeError if all have been taken."""
        is_taken = True
        for frame in self.frames:
            is_taken = False
            yield frame
        if is_taken:
            raise RuntimeError(f'{self.name}: all frames have been taken. Open the input again.')


def open_frames(
    source: Union[str, Path, int], start_frame: int = 0, live: bool = False
) -> FrameSource:
    """Open a video file, a folder of images, a camera or a stream.

    Args:
        source: A video file; a folder of images, or a sequence's folder with images in ``img``,
            which are read in the order of the numbers in their names; the number of a camera; the
            URL of a stream.
        start_frame: Number of frames to skip.
        live: Whether to skip frames that a camera or a stream delivers while one is processed, see
            :func:`live_frames`.

    Returns:
        The frames, which are read on demand. Reading raises the errors of :func:`read_image`, and
        ValueError if the size changes.

    Raises:
        FileNotFoundError: If there is no such file, or no image in the folder.
        ValueError: If the file cannot be read as a video, ``start_frame`` is negative or beyond
            the end, no camera answers, or ``live`` is given for files.

    Example:
        >>> source = open_frames('flight.mp4', start_frame=1)
        >>> source.name, [frame.shape for frame in source]
        ('flight', [(120, 160, 3), (120, 160, 3)])
    """
    if start_frame < 0:
        raise ValueError(f'start frame {start_frame}: frames count from 0, give 0 or more.')
    path = Path(str(source))
    if '://' in str(source):
        return _open_capture(str(source), start_frame, live)
    if live and path.exists():
        raise ValueError(f'{source}: live frames are those of cameras and streams. Omit live.')
    if path.is_dir():
        return _open_folder(path, start_frame)
    if path.is_file():
        return _open_video(path, start_frame)
    if str(source).isdecimal():
        return _open_capture(int(str(source)), start_frame, live)
    raise FileNotFoundError(
        f'{source}: no such video file or folder. Give one that exists, or the number of a camera '
        '(0 is the first).'
    )


def _open_folder(folder: Path, start_frame: int) -> FrameSource:
    images = folder / 'img'
    images = images if images.is_dir() else folder
    # Absolute: the working directory may change before they are read.
    paths = [images.absolute() / name for name in list_frames(images)]
    if start_frame >= len(paths):
        raise _beyond_end(images, start_frame, len(paths))
    name = name_by_folder(images)
    return FrameSource(name, _read_images(paths[start_frame:]), start_frame, len(paths), True)


def _read_images(paths: List[Path]) -> Iterator[np.ndarray]:
    size = None
    for path in paths:
        image = read_image(path)
        size = size or image.shape
        if image.shape != size:
            raise ValueError(
                f'{path}: {image.shape[1]}x{image.shape[0]} px after frames of '
                f'{size[1]}x{size[0]}. All images in a folder must be of one video; remove others.'
            )
        yield image


def _open_video(path: Path, start_frame: int) -> FrameSource:
    if path.suffix.lower() in _TEXT_SUFFIXES:
        raise ValueError(f'{path}: this is text, which FFmpeg would draw. Give the video.')
    if path.suffix.lower() in IMAGE_SUFFIXES:
        raise ValueError(f'{path}: this is one image. Give its folder, {path.parent}, or a video.')
    # Absolute: FFmpeg takes the part before a colon in a relative name for a protocol.
    capture = cv2.VideoCapture(os.path.abspath(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    # Seeking is not exact with every codec; grabbing frame by frame is.
    passed = 0
    while passed < start_frame and capture.grab():
        passed += 1
    is_read, first = capture.read()
    if not is_read and passed:
        raise _beyond_end(path, start_frame, passed)
    if not is_read:
        raise ValueError(
            f'{path}: cannot be read as a video; it is damaged, truncated, or of an unknown type. '
            'If other players show it, convert it: ffmpeg -i INPUT -c:v mpeg4 -q:v 2 OUTPUT.mp4'
        )
    frames = _read_video(path, capture, first, start_frame, count)
    num_frames = count if count > 0 else None
    return FrameSource(path.stem, frames, start_frame, num_frames, fps=_rate(capture))


def _read_video(
    path: Path, capture: cv2.VideoCapture, frame: np.ndarray, number: int, count: int
) -> Iterator[np.ndarray]:
    is_read = True
    while is_read:
        yield frame
        number += 1
        is_read, frame = capture.read()
    capture.release()
    # Containers that estimate the count may be off by one.
    if number < count - 1:
        warn(
            f'{path} ends after {number} frames, but says that it has {count}: it is truncated, '
            'or damaged from there on.'
        )


def _open_capture(source: Union[int, str], start_frame: int, live: bool) -> FrameSource:
    is_camera = isinstance(source, int)
    # A URL may contain a password, so no message and no name shows it.
    name = f'camera {source}' if is_camera else 'stream'
    capture = cv2.VideoCapture(source)
    if not capture.isOpened():
        raise ValueError(
            f'{name}: no camera answers under this number. Is it plugged in, and are you allowed '
            'to use it? Others have the numbers 0, 1, 2 ...'
            if is_camera
            else f'{name}: nothing answers at this URL.'
        )
    for _ in range(start_frame):
        capture.grab()
    frames = live_frames(capture, name) if live else _read_capture(name, capture)
    return FrameSource(name.replace(' ', ''), frames, start_frame, fps=_rate(capture))


def _rate(capture: cv2.VideoCapture) -> Optional[float]:
    """Frames per second; None if the input gives 0, -1 or NaN instead."""
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    return fps if 0 < fps < float('inf') else None


def _read_capture(name: str, capture: cv2.VideoCapture) -> Iterator[np.ndarray]:
    try:
        while True:
            is_read, frame = capture.read()
            if not is_read:
                raise ValueError(f'{name}: gives no more frames. Was it unplugged or stopped?')
            yield frame
    finally:
        capture.release()


def _beyond_end(source: Path, start_frame: int, num_frames: int) -> ValueError:
    return ValueError(
        f'start frame {start_frame} is beyond the end of {source}, which has {num_frames} frames. '
        f'Give 0 to {num_frames - 1}.'
    )
