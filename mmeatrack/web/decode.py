"""Frames of an uploaded video as images, decoded in a process of its own with limits.

``python -m mmeatrack.web.decode VIDEO FOLDER LIMITS`` is that process; LIMITS is JSON.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Dict, Optional

_JPEG_QUALITY = 95
# Containers of cameras and phones. FFmpeg would also read play lists, which name other files and
# addresses.
_CONTAINERS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts'
_CAPTURE_OPTIONS = f'protocol_whitelist;file|format_whitelist;{_CONTAINERS}'


@dataclass(frozen=True)
class UploadLimits:
    """Limits of an uploaded video.

    Attributes:
        max_bytes: Size of the file.
        max_frames: Frames that are taken; the rest of a longer video is left out.
        max_pixels: Width times height of a frame.
        max_decoded: Bytes of all frames as images; the rest is left out.
        max_memory: Bytes of address space of the decoding process, on Unix.
        seconds: Time for decoding.
    """

    max_bytes: int = 200 << 20
    max_frames: int = 1800
    max_pixels: int = 3840 * 2160
    max_decoded: int = 1 << 30
    max_memory: int = 4 << 30
    seconds: float = 120.0


@dataclass(frozen=True)
class Decoded:
    """Outcome of a decoding.

    Attributes:
        num_frames: Images in the folder, ``000001.jpg`` and on.
        fps: Frames a second as the video says; None where it does not.
        is_cut: Whether a limit left out the rest.
    """

    num_frames: int
    fps: Optional[float]
    is_cut: bool


def decode_upload(video: Path, folder: Path, limits: UploadLimits) -> Decoded:
    """Decode an upload into a folder of images.

    Args:
        video: The file.
        folder: Where the images go; made if it is not there.
        limits: What is refused or left out.

    Raises:
        ValueError: If the file is empty, too large, no video, takes too long or has frames that
            are too large. The message is for the person who uploaded it.
    """
    size = video.stat().st_size
    if not size:
        raise ValueError('The file is empty. Was the upload complete?')
    if size > limits.max_bytes:
        raise ValueError(
            f'The file has {size / 2**20:.1f} MiB; at most {limits.max_bytes / 2**20:g} MiB are '
            'taken. Cut the video or reduce its size.'
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
            [*command, json.dumps(asdict(limits))],
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


def _decode(video: str, folder: Path, limits: UploadLimits) -> Dict:
    import cv2

    # By FFmpeg alone: OpenCV's other readers take patterns of names and pipelines.
    capture = cv2.VideoCapture(video, cv2.CAP_FFMPEG)
    count, decoded = 0, 0
    fps = capture.get(cv2.CAP_PROP_FPS) if capture.isOpened() else 0.0
    size = None
    while True:
        is_read, frame = capture.read()
        if not is_read:
            break
        size = size or frame.shape
        if frame.shape[0] * frame.shape[1] > limits.max_pixels:
            height, width = frame.shape[:2]
            most = f'{limits.max_pixels / 1e6:.1f} million px'
            return dict(error=f'Frames of {width}x{height} px; at most {most} are taken.')
        if frame.shape != size:
            return dict(error='The size of the frames changes within the video.')
        jpeg = cv2.imencode('.jpg', frame, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
        decoded += jpeg.nbytes
        if count == limits.max_frames or decoded > limits.max_decoded:
            return dict(num_frames=count, fps=fps or None, is_cut=True)
        count += 1
        (folder / f'{count:06d}.jpg').write_bytes(jpeg.tobytes())
    if not count:
        return dict(error='This is no video, or one of a kind that cannot be read. MP4 always can.')
    return dict(num_frames=count, fps=fps or None, is_cut=False)


def _limit_process(limits: UploadLimits) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the time still has one
        return
    resource.setrlimit(resource.RLIMIT_AS, (limits.max_memory, limits.max_memory))
    seconds = int(limits.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == '__main__':
    _limits = UploadLimits(**json.loads(sys.argv[3]))
    _limit_process(_limits)
    sys.stdout.write(json.dumps(_decode(sys.argv[1], Path(sys.argv[2]), _limits)))
