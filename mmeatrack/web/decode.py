"""Decoding of an uploaded video to images, in a separate process with limits.

``python -m mmeatrack.web.decode VIDEO FOLDER LIMITS`` is that process; LIMITS is JSON.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, NamedTuple, Optional

import cv2

_JPEG_QUALITY = 95
# Containers of cameras and phones. FFmpeg would also read playlists, which name other files and
# addresses.
_CONTAINERS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts'
_CAPTURE_OPTIONS = f'protocol_whitelist;file|format_whitelist;{_CONTAINERS}'


class UploadLimits(NamedTuple):
    """Limits of an uploaded video; frames beyond ``max_frames`` or ``max_decoded`` are dropped."""

    max_bytes: int = 200 << 20
    max_frames: int = 1800
    max_pixels: int = 3840 * 2160  # width times height
    max_decoded: int = 1 << 30  # bytes of all frames as images
    max_memory: int = 4 << 30  # bytes of address space of the decoding process, on Unix
    seconds: float = 120.0


class Decoded(NamedTuple):
    """Decoded video, with images ``000001.jpg`` and on in its folder."""

    num_frames: int
    fps: Optional[float]  # None if the video does not say
    is_cut: bool  # whether a limit dropped the rest


def decode_upload(video: Path, folder: Path, limits: UploadLimits) -> Decoded:
    """Decode an upload into a folder of images, created if missing.

    Raises:
        ValueError: If the file is empty, too large, not a video, takes too long or has frames that
            are too large. The message is for the visitor.
    """
    size = video.stat().st_size
    if not size:
        raise ValueError('The file is empty. Was the upload complete?')
    if size > limits.max_bytes:
        raise ValueError(
            f'The file has {size / 2**20:.1f} MiB; at most {limits.max_bytes / 2**20:g} MiB are '
            'accepted. Cut the video or reduce its size.'
        )
    folder.mkdir(parents=True, exist_ok=True)
    root = str(Path(__file__).resolve().parents[2])
    environment = dict(
        os.environ,
        OPENCV_FFMPEG_CAPTURE_OPTIONS=_CAPTURE_OPTIONS,
        PYTHONPATH=os.pathsep.join(filter(None, [root, os.getenv('PYTHONPATH')])),
    )
    command = [sys.executable, '-m', __name__, str(video), str(folder)]
    try:
        done = subprocess.run(
            [*command, json.dumps(limits._asdict())],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(
            f'Decoding takes more than {limits.seconds:g} s. Cut the video or reduce its size.'
        ) from error
    if done.returncode:
        raise ValueError('The decoder gave up on this file: it is damaged or too large.')
    answer: Dict = json.loads(done.stdout.splitlines()[-1])
    if 'error' in answer:
        raise ValueError(answer['error'])
    return Decoded(**answer)


def _decode(video: str, folder: Path, limits: UploadLimits) -> Decoded:
    # FFmpeg only: OpenCV's other backends accept file name patterns and pipelines.
    capture = cv2.VideoCapture(video, cv2.CAP_FFMPEG)
    count, decoded, shape = 0, 0, None
    fps = capture.get(cv2.CAP_PROP_FPS) if capture.isOpened() else 0.0
    while True:
        is_read, frame = capture.read()
        if not is_read:
            break
        shape = shape or frame.shape
        height, width = frame.shape[:2]
        if height * width > limits.max_pixels:
            most = f'{limits.max_pixels / 1e6:.1f} million px'
            raise ValueError(f'Frames of {width}x{height} px are too large; at most {most} fit.')
        if frame.shape != shape:
            raise ValueError('The size of the frames changes within the video.')
        jpeg = cv2.imencode('.jpg', frame, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
        decoded += jpeg.nbytes
        if count == limits.max_frames or decoded > limits.max_decoded:
            return Decoded(count, fps or None, True)
        count += 1
        (folder / f'{count:06d}.jpg').write_bytes(jpeg.tobytes())
    if not count:
        raise ValueError('This is not a video, or its format is not supported. Try MP4.')
    return Decoded(count, fps or None, False)


def _limit_process(limits: UploadLimits) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the time is limited all the same
        return
    resource.setrlimit(resource.RLIMIT_AS, (limits.max_memory, limits.max_memory))
    seconds = int(limits.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == '__main__':
    _limits = UploadLimits(**json.loads(sys.argv[3]))
    _limit_process(_limits)
    try:
        _answer = _decode(sys.argv[1], Path(sys.argv[2]), _limits)._asdict()
    except ValueError as _error:
        _answer = dict(error=str(_error))
    sys.stdout.write(json.dumps(_answer))
