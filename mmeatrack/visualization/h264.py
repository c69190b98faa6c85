"""Videos that play in browsers: H.264 by the FFmpeg of imageio-ffmpeg."""

import os
import subprocess
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Callable, Iterator, Optional, Tuple, Union

import numpy as np

from mmeatrack.files.atomic import replace_durably
from mmeatrack.visualization.video_sink import VideoSink

Write = Callable[[np.ndarray], None]
_OPTIONS = ('-preset', 'veryfast', '-crf', '21', '-movflags', '+faststart')


@lru_cache(maxsize=None)
def missing_h264() -> Optional[str]:
    """Reason why no H.264 can be written here; None where it can.

    OpenCV's own wheels hold no encoder of it.
    """
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        command = [get_ffmpeg_exe(), '-hide_banner', '-encoders']
    except (ImportError, RuntimeError):
        return 'no FFmpeg is found; pip install imageio-ffmpeg'
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return None if ' libx264 ' in listed else f'{command[0]} has no libx264'


@contextmanager
def browser_video(path: Union[str, Path], fps: float, size: Tuple[int, int]) -> Iterator[Write]:
    """Open an MP4 to write frames to: H.264, or MPEG-4 where :func:`missing_h264` has a reason.

    Args:
        path: The file, replaced when it is whole. An error leaves no file of its own.
        fps: Frames a second.
        size: (width, height) of all frames in px, both even.

    Yields:
        Function that takes the next frame (height, width, 3), uint8, BGR.

    Raises:
        RuntimeError: If the encoder fails.
    """
    path = Path(path)
    if missing_h264() is not None:
        with VideoSink(path, fps, size) as sink:
            yield sink.write
        return
    import imageio_ffmpeg

    partial = path.absolute().with_name(f'.{path.stem}.{os.getpid()}.partial{path.suffix}')
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
    try:
        stream.send(None)

        def write(frame: np.ndarray) -> None:
            if frame.shape != (size[1], size[0], 3) or frame.dtype != np.uint8:
                raise ValueError(f'{path}: a frame of {frame.dtype} and shape {frame.shape}.')
            stream.send(np.ascontiguousarray(frame))

        yield write
        stream.close()
        replace_durably(partial, path)
    except OSError as error:
        raise RuntimeError(f'{path}: the encoder failed; is the disk full? {error}') from error
    finally:
        stream.close()
        partial.unlink(missing_ok=True)
