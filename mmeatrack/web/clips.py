"""Videos of the page as folders of images: samples made on the spot, and uploads."""

import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import cv2

from mmeatrack.files.atomic import write_atomically
from mmeatrack.files.frame_files import list_frames
from mmeatrack.synthetic import SequenceSpec, generate_sequence
from mmeatrack.web.decode import UploadLimits, decode_upload

_FRAMES, _SIZE, _FPS = 60, (480, 360), 15.0
_SAMPLES: Dict[str, Tuple[str, int]] = {
    'Passing under trees': ('occlusion', 1),
    'Among look-alikes': ('distractor', 1),
    'Three at once': ('static', 3),
}
SAMPLES = tuple(_SAMPLES)

_MAKING = threading.Lock()


@dataclass(frozen=True)
class Clip:
    """A video to track in.

    Attributes:
        name: Name in pictures.
        frames: Its image files, in order.
        fps: Frames a second.
        note: Remark for the person who chose it, or nothing.
    """

    name: str
    frames: List[Path]
    fps: float
    note: str = ''


def sample_clip(
    name: str, folder: Path, progress: Optional[Callable[[int, int], None]] = None
) -> Clip:
    """Make a synthetic sample, or take the one that was made before.

    Args:
        name: One of :data:`SAMPLES`.
        folder: Folder of all samples.
        progress: Called with the frames that are made and their number.

    Raises:
        ValueError: If there is no such sample.
    """
    if name not in _SAMPLES:
        raise ValueError(f'{name!r} is no sample; there are {", ".join(SAMPLES)}.')
    scenario, targets = _SAMPLES[name]
    final = folder / scenario
    with _MAKING:
        if not final.is_dir():
            spec = SequenceSpec('page', 0, scenario, _FRAMES, _SIZE, targets=targets)
            partial = folder / f'.{scenario}'
            shutil.rmtree(partial, ignore_errors=True)
            for number, frame in enumerate(generate_sequence(spec), 1):
                jpeg = cv2.imencode('.jpg', frame.image)[1].tobytes()
                write_atomically(partial / f'{number:06d}.jpg', jpeg)
                if progress is not None:
                    progress(number, _FRAMES)
            os.replace(partial, final)
    return Clip(name, [final / file for file in list_frames(final)], _FPS)


def uploaded_clip(upload: Path, name: str, folder: Path, limits: UploadLimits) -> Clip:
    """Decode an upload; the file and, if it is refused, its frames are removed.

    Args:
        upload: The file.
        name: Its name in pictures.
        folder: Where its frames go.
        limits: See :func:`decode_upload`.

    Raises:
        ValueError: If it is refused.
    """
    try:
        decoded = decode_upload(upload, folder, limits)
    except ValueError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        upload.unlink()
    note = f'Only the first {decoded.num_frames} frames are taken.' if decoded.is_cut else ''
    frames = [folder / file for file in list_frames(folder)]
    return Clip(name, frames, decoded.fps or _FPS, note)
