"""Clips of the page, as folders of images: generated samples, and uploads."""

import os
import shutil
import threading
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Tuple

import cv2

from mmeatrack.files.atomic import write_atomically
from mmeatrack.files.frame_files import list_frames
from mmeatrack.synthetic import SequenceSpec, generate_sequence
from mmeatrack.web.decode import UploadLimits, decode_upload

_FRAMES, _SIZE, _FPS = 60, (480, 360), 15.0
# Scenario and number of targets of each sample.
SAMPLES: Dict[str, Tuple[str, int]] = {
    'Passing under trees': ('occlusion', 1),
    'Among look-alikes': ('distractor', 1),
    'Three at once': ('static', 3),
}

_GENERATING = threading.Lock()


class Clip(NamedTuple):
    """A video to track in: name, image files in order, frames per second, remark to show."""

    name: str
    frames: List[Path]
    fps: float
    note: str = ''


def sample_clip(name: str, folder: Path, progress: Callable[[int, int], None]) -> Clip:
    """Generate one of the :data:`SAMPLES` unless it is already in the folder of all samples.

    ``progress`` is called with the numbers of generated and of all frames. ValueError if there is
    no such sample.
    """
    if name not in SAMPLES:
        raise ValueError(f'{name!r} is not a sample; choose one of {", ".join(SAMPLES)}.')
    scenario, targets = SAMPLES[name]
    final = folder / scenario
    with _GENERATING:
        if not final.is_dir():
            spec = SequenceSpec('page', 0, scenario, _FRAMES, _SIZE, targets=targets)
            partial = folder / f'.{scenario}'
            shutil.rmtree(partial, ignore_errors=True)
            for number, frame in enumerate(generate_sequence(spec), 1):
                jpeg = cv2.imencode('.jpg', frame.image)[1].tobytes()
                write_atomically(partial / f'{number:06d}.jpg', jpeg)
                progress(number, _FRAMES)
            os.replace(partial, final)
    return Clip(name, [final / file for file in list_frames(final)], _FPS)


def uploaded_clip(upload: Path, name: str, folder: Path, limits: UploadLimits) -> Clip:
    """Decode an uploaded file into ``folder``; the file and, if it is refused, the folder go.

    Raises:
        ValueError: If it is refused, see :func:`decode_upload`.
    """
    try:
        decoded = decode_upload(upload, folder, limits)
    except ValueError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        upload.unlink()
    note = f'Only the first {decoded.num_frames} frames are used.' if decoded.is_cut else ''
    frames = [folder / file for file in list_frames(folder)]
    return Clip(name, frames, decoded.fps or _FPS, note)
