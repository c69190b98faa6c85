"""Requirements on a sequence, and the fingerprint of its data."""

import hashlib
import logging
from pathlib import Path
from typing import Any, Dict, Iterable, Mapping, Sequence

import numpy as np
from mmengine.logging import print_log
from mmtrack.datasets.transforms.processing import DiMPSampling

from mmeatrack.files.frame_files import find_gap, frame_number

_NUM_WHOLE_FRAMES = 8  # frames of a sequence whose content is hashed


def too_few_frames(visible: Sequence[int], transforms: Iterable[Any]) -> Dict[int, str]:
    """Find the training sequences from which a pipeline cannot draw samples.

    mmtrack's ``DiMPSampling`` and what derives from it (``TridentSampling``,
    :class:`NearSampling`) draw nothing from short sequences. mmengine then draws others a thousand
    times, and stops. Still images are drawn repeatedly, where all sequences are.

    Args:
        visible: Number of visible frames of each sequence.
        transforms: The transforms of the pipeline.

    Returns:
        Reason by index.
    """
    needed, by = 1, 'training'
    for transform in transforms:
        if isinstance(transform, DiMPSampling) and max(visible, default=0) > 1:
            drawn = transform.num_search_frames + transform.num_template_frames
            needed = max(transform.min_num_frames, 2 * drawn + 1)
            by = f'{type(transform).__name__}(min_num_frames={transform.min_num_frames})'
    return {
        index: f'{count} visible frames, but {by} needs {needed}'
        for index, count in enumerate(visible)
        if count < needed
    }


def num_usable_frames(num_boxes: int, frame_names: Sequence[str], source: str) -> int:
    """Number of frames that have a box; one box too few at the end is forgiven.

    Args:
        num_boxes: Boxes of the annotation.
        frame_names: Image files in the order of the video.
        source: The annotation and the folder of images, for messages.

    Raises:
        ValueError: If the numbers differ by more, or a frame in another place may be too many.
    """
    num_frames = len(frame_names)
    if num_boxes == num_frames:
        return num_frames
    found = f'{source}: {num_boxes} boxes for {num_frames} frames'
    if num_boxes == 1:
        raise ValueError(
            f'{found}; this release has the first box only and cannot be scored: '
            'get the one with full annotations'
        )
    if num_boxes != num_frames - 1:
        gap = find_gap(frame_names)
        hint = '' if gap is None else f', and {gap}'
        raise ValueError(f'{found}{hint}; one box a frame is needed: complete the files')
    if not _is_counted(frame_names):
        raise ValueError(
            f'{found}, and nobody can tell which of {frame_names[0]}, {frame_names[1]} .. '
            f'{frame_names[-1]} has none, as they are not counted 1, 2, 3 ...; remove the one that '
            'is too many, or add its box'
        )
    print_log(f'{found}; the last frame is not used', logger='current', level=logging.WARNING)
    return num_boxes


def _is_counted(frame_names: Sequence[str]) -> bool:
    """Whether frames are numbered without a gap; a frame 0 may be a picture before the first."""
    first = frame_number(frame_names[0])
    if not first:
        return False
    return [frame_number(name) for name in frame_names] == list(
        range(first, first + len(frame_names))
    )


def data_fingerprint(infos: Iterable[Mapping[str, Any]]) -> str:
    """Hash of all that a tracker is given and judged by, wherever it lies.

    It covers the names of the sequences, all boxes, names and sizes of all image files, and the
    content of eight of them from the first to the last of a sequence. Reading every file would take
    minutes for a benchmark.

    Args:
        infos: ``seq_name``, ``video_path``, ``frame_names`` and ``boxes`` (N, 4) of each sequence.

    Raises:
        OSError: If an image file is missing.
    """
    digest = hashlib.sha256()
    for info in infos:
        paths = [Path(info['video_path']) / str(name) for name in info['frame_names']]
        sizes = [(path.name, path.stat().st_size) for path in paths]
        digest.update(repr((info['seq_name'], sizes)).encode('utf-8', 'surrogateescape'))
        digest.update(np.ascontiguousarray(info['boxes'], dtype=np.float64).tobytes())
        sample = np.linspace(0, len(paths) - 1, _NUM_WHOLE_FRAMES).round().astype(int)
        for index in sorted(set(sample.tolist())):
            digest.update(hashlib.sha256(paths[index].read_bytes()).digest())
    return digest.hexdigest()
