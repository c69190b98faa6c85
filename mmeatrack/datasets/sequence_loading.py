"""Loading of one sequence, and requirements on it."""

import os
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from mmtrack.datasets.transforms.processing import DiMPSampling

from mmeatrack.files.box_text import check_first_box, read_boxes
from mmeatrack.files.frame_files import find_gap, frame_number, list_frames
from mmeatrack.files.ground_truth import read_attributes
from mmeatrack.log import warn


def load_sequence(info: Mapping[str, Any], attribute_names: Sequence[str] = ()) -> Dict[str, Any]:
    """Load the frame names, boxes and attributes of one sequence.

    Args:
        info: A sequence info, see :mod:`mmeatrack.files.sequence_infos`, which may also have an
            ``attribute_path``. Attributes that cannot be read are a warning.
        attribute_names: Names of the flags in the benchmark's attribute files.

    Returns:
        The info with ``frame_names``, ``boxes`` (N, 4) (x, y, w, h; NaN where absent) and
        ``attributes``.

    Raises:
        FileNotFoundError: If a file or frame is missing.
        ValueError: If the annotation is malformed or does not fit the frames, or if the order of
            the frames is ambiguous.
    """
    folder, ann_path = info['video_path'], info['ann_path']
    frame_names = list_frames(folder, info.get('start_frame_id'), info.get('end_frame_id'))
    boxes = check_first_box(read_boxes(ann_path, len(frame_names)), ann_path)
    if len(boxes) != len(frame_names):
        _check_last_box_missing(len(boxes), frame_names, f'{ann_path} and {folder}')
    attributes: List[str] = []
    attribute_path = Path(info.get('attribute_path', ''))
    if attribute_path.is_file():
        try:
            attributes = read_attributes(attribute_path, attribute_names)
        except (OSError, ValueError) as error:
            warn(f'attributes are left out: {error}')
    frames = np.array(frame_names[: len(boxes)])
    return dict(info, frame_names=frames, boxes=boxes, attributes=attributes)


def full_prefix(dataset: Any, given: Optional[Mapping[str, str]]) -> Dict[str, str]:
    """Complete a dataset's ``data_prefix`` by its defaults; ValueError if a key is unknown."""
    unknown = sorted(set(given or {}) - set(dataset.DEFAULT_PREFIX))
    if unknown:
        raise ValueError(
            f'{type(dataset).__name__} has no data_prefix {unknown}; '
            f'it has {sorted(dataset.DEFAULT_PREFIX)}'
        )
    return {**dataset.DEFAULT_PREFIX, **(given or {})}


def required_folder(dataset: Any, prefix: str) -> Path:
    """Return a folder of a dataset's ``data_prefix``; FileNotFoundError if it is missing."""
    folder, root = Path(dataset.data_prefix[prefix]), Path(dataset.data_root)
    if not folder.is_dir():
        there = sorted(os.listdir(root))[:8] if root.is_dir() else 'nothing, it does not exist'
        raise FileNotFoundError(
            f'{type(dataset).__name__}: no folder {folder}; {root} holds {there}. '
            f'Set data_root, or data_prefix=dict({prefix}=...) if the folder has another name'
        )
    return folder


def min_visible_frames(transforms: Iterable[Any]) -> Tuple[int, str]:
    """Visible frames that a training pipeline needs of a video, and the transform that needs them.

    mmtrack's ``DiMPSampling`` and its subclasses (``TridentSampling``, :class:`NearSampling`) draw
    nothing from shorter videos. mmengine then draws others a thousand times, and stops.
    """
    needed, by = 1, 'training'
    for transform in transforms:
        if isinstance(transform, DiMPSampling):
            drawn = transform.num_search_frames + transform.num_template_frames
            needed = max(transform.min_num_frames, 2 * drawn + 1)
            by = f'{type(transform).__name__}(min_num_frames={transform.min_num_frames})'
    return needed, by


def _check_last_box_missing(num_boxes: int, frame_names: Sequence[str], source: str) -> None:
    """Raise ValueError unless it is clear that only the last of the frames has no box.

    That is so if the frames are numbered 1, 2, 3 .. or from a higher number: a frame 0 may be a
    picture before the first frame.
    """
    found = f'{source}: {num_boxes} boxes for {len(frame_names)} frames'
    numbers = [frame_number(name) for name in frame_names]
    first = numbers[0]
    if num_boxes == 1:
        problem = 'a release with the first box only cannot be scored: get full annotations'
    elif num_boxes != len(frame_names) - 1:
        gap = find_gap(frame_names)
        problem = f'{f"{gap}; " if gap else ""}one box per frame is needed: complete the files'
    elif not first or numbers != list(range(first, first + len(numbers))):
        problem = (
            f'it is unclear which of {frame_names[0]}, {frame_names[1]} .. {frame_names[-1]} has '
            'none, as they are not counted 1, 2, 3 ..: remove the extra frame, or add its box'
        )
    else:
        warn(f'{found}; the last frame is not used')
        return
    raise ValueError(f'{found}; {problem}')
