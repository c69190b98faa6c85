"""Videos that play in browsers: H.264, encoded by the FFmpeg of imageio-ffmpeg."""

import subprocess
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Callable, Iterator, Optional, Tuple, Union

import numpy as np

from mmeatrack.files.atomic import replace_durably
from mmeatrack.visualization.video_sink import VideoSink, check_video_frame, partial_path

_OPTIONS = ('-preset', 'veryfast', '-crf', '21', '-movflags', '+faststart')


@lru_cache(maxsize=None)
def missing_h264() -> Optional[str]:
    """Reason why H.264 cannot be written here, or None; OpenCV's wheels have no encoder."""
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        command = [get_ffmpeg_exe(), '-hide_banner', '-encoders']
    except (ImportError, RuntimeError):
        return 'no FFmpeg is found; pip install imageio-ffmpeg'
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return None if ' libx264 ' in listed else f'{command[0]} has no libx264'


@contextmanager
def browser_video(
    path: Union[str, Path], fps: float, size: Tuple[int, int]
) -> Iterator[Callable[[np.ndarray], None]]:
    """Open an MP4 video for writing: H.264, or MPEG-4 if :func:`missing_h264` gives a reason.

    Args:
        path: The file, replaced when the video is complete; after an error it is left as it was.
        fps: Frames per second.
        size: (width, height) of all frames in px, both even.

    Yields:
        Function that writes the next frame (height, width, 3), uint8, BGR.

    Raises:
        RuntimeError: If the encoder fails.
    """
    path = Path(path)
    if missing_h264() is not None:
        with VideoSink(path, fps, size) as sink:
            yield sink.write
        return
    import imageio_ffmpeg

    partial = partial_path(path)
    stream = imageio_ffmpeg.write_frames(
        str(partial),
        size,
        fps=fps,
        pix_fmt_in='bgr24',
        macro_block_size=2,
        codec='libx264',
        quality=None,
        output_params=list(_OPTIONS),
        ffmpeg_log_level='error',
    )
    num_frames = 0

    def write(frame: np.ndarray) -> None:
        nonlocal num_frames
        check_video_frame(frame, size, path, num_frames)
        stream.send(np.ascontiguousarray(frame))
        num_frames += 1

    try:
        stream.send(None)
        yield write
        stream.close()
        replace_durably(partial, path)
    except OSError as error:
        raise RuntimeError(f'{path}: the encoder failed; is the disk full? {error}') from error
    finally:
        stream.close()
        partial.unlink(missing_ok=True)
