"""Loading of one sequence, and requirements on it."""

from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence

import numpy as np
from mmtrack.datasets.transforms.processing import DiMPSampling

from mmeatrack.files.box_text import check_first_box, read_boxes
from mmeatrack.files.frame_files import find_gap, frame_number, list_frames
from mmeatrack.files.ground_truth import read_attributes
from mmeatrack.log import warn


def load_sequence(info: Mapping[str, Any], attribute_names: Sequence[str] = ()) -> Dict[str, Any]:
    """Names of the frames, boxes and attributes of one sequence, added to its info.

    Args:
        info: A sequence info, see :mod:`mmeatrack.files.sequence_infos`, which may name an
            ``attribute_path``, too. Attributes that cannot be read are a warning.
        attribute_names: The benchmark's attributes, where the files hold flags.

    Returns:
        The info with ``frame_names``, ``boxes`` (N, 4) (x, y, w, h; NaN where absent) and
        ``attributes``.

    Raises:
        FileNotFoundError: If a file or frame is missing.
        ValueError: If the annotation is malformed or does not fit the frames, or if the order of
            the frames is not clear.
    """
    folder, ann_path = info['video_path'], info['ann_path']
    frame_names = list_frames(folder, info.get('start_frame_id'), info.get('end_frame_id'))
    boxes = check_first_box(read_boxes(ann_path, len(frame_names)), ann_path)
    num_frames = num_usable_frames(len(boxes), frame_names, f'{ann_path} and {folder}')
    return dict(
        info,
        frame_names=np.array(frame_names[:num_frames]),
        boxes=boxes,
        attributes=_read_attributes(Path(info.get('attribute_path', '')), attribute_names),
    )


def full_prefix(dataset: Any, given: Optional[Mapping[str, str]]) -> Dict[str, str]:
    """A dataset's ``data_prefix`` with its defaults; ValueError if it has no such folder."""
    unknown = sorted(set(given or {}) - set(dataset.DEFAULT_PREFIX))
    if unknown:
        raise ValueError(
            f'{type(dataset).__name__} has no data_prefix {unknown}; '
            f'it has {sorted(dataset.DEFAULT_PREFIX)}'
        )
    return {**dataset.DEFAULT_PREFIX, **(given or {})}


def num_usable_frames(num_boxes: int, frame_names: Sequence[str], source: str) -> int:
    """Number of frames, in the order of the video, that have a box; the last may lack one.

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
    warn(f'{found}; the last frame is not used')
    return num_boxes


def _is_counted(frame_names: Sequence[str]) -> bool:
    """True if frames are numbered without a gap; a frame 0 may be a picture before the first."""
    first = frame_number(frame_names[0])
    if not first:
        return False
    return [frame_number(name) for name in frame_names] == list(
        range(first, first + len(frame_names))
    )


def too_few_frames(visible: Sequence[int], transforms: Iterable[Any]) -> Dict[int, str]:
    """Reasons, by index, why a pipeline cannot draw samples from training sequences.

    mmtrack's ``DiMPSampling`` and what derives from it (``TridentSampling``,
    :class:`NearSampling`) draw nothing from short sequences. mmengine then draws others a thousand
    times, and stops. Still images are drawn repeatedly, where all sequences are.
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


def _read_attributes(path: Path, names: Sequence[str]) -> List[str]:
    if not path.is_file():
        return []
    try:
        return read_attributes(path, names)
    except (OSError, ValueError) as error:
        warn(f'attributes are left out: {error}')
        return []
