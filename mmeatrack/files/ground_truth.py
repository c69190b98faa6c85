"""Ground truth of a benchmark, read for the scoring of raw result files."""

import re
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Union

import numpy as np

from mmeatrack.files.attributes import read_attributes
from mmeatrack.files.box_text import check_first_box, read_boxes

FOLDER_BOX_FILES = ('groundtruth_rect.txt', 'groundtruth.txt')


class GroundTruth(NamedTuple):
    """Ground truth of a benchmark.

    Attributes:
        boxes: Boxes (N, 4) of each sequence: x, y, w, h; NaN rows where the target is absent.
        files: The file of each sequence.
        left_out: Why a sequence could not be read, by name.
    """

    boxes: Dict[str, np.ndarray]
    files: Dict[str, Path]
    left_out: Dict[str, str]


def load_ground_truth(folder: Union[str, Path]) -> GroundTruth:
    """Read the ground truth of every sequence in a folder.

    Two layouts are known: ``<seq>.txt`` or ``<seq>_gt.txt`` side by side (the ``anno`` folder of a
    benchmark), and ``<seq>/groundtruth_rect.txt`` or ``<seq>/groundtruth.txt`` (DTB70).

    Args:
        folder: The folder.

    Returns:
        The sequences in the order of their names.

    Raises:
        FileNotFoundError: If the folder is missing or holds no sequence of these layouts.
        ValueError: If no sequence could be read.
    """
    folder = Path(folder)
    files = _sequence_files(folder)
    if not files:
        raise FileNotFoundError(
            f'{folder} holds no ground truth; expected <seq>.txt or <seq>_gt.txt in it, or '
            f'<seq>/{FOLDER_BOX_FILES[0]}'
        )
    boxes: Dict[str, np.ndarray] = {}
    left_out: Dict[str, str] = {}
    for name, path in files.items():
        try:
            boxes[name] = check_first_box(read_boxes(path), str(path))
        except ValueError as error:
            left_out[name] = str(error)
    if not boxes:
        reason = next(iter(left_out.values()))
        raise ValueError(f'no ground truth in {folder} can be used; the first: {reason}')
    return GroundTruth(boxes, files, left_out)


def load_attributes(
    ground_truth: GroundTruth, names: Sequence[str] = (), folder: Union[str, Path, None] = None
) -> Dict[str, List[str]]:
    """Read the attributes of the sequences that have an attribute file.

    Args:
        ground_truth: The sequences.
        names: The benchmark's attribute names, where the files hold flags.
        folder: Folder of the attribute files. By default they are looked for where the benchmarks
            have them: ``att/`` beside the ground truth files, ``../attributes``, and
            ``<seq>/attributes.txt``.

    Returns:
        Attribute names by sequence.

    Raises:
        ValueError: If a file does not fit ``names``.
    """
    attributes = {}
    for name, path in ground_truth.files.items():
        if folder is not None:
            folders = [Path(folder)]
        else:
            folders = [path.parent / 'att', path.parent.parent / 'attributes']
        candidates = [
            each / f'{name}{suffix}.txt' for each in folders for suffix in ('', '_att', '_attr')
        ]
        candidates += [path.parent / 'attributes.txt']
        found = [candidate for candidate in candidates if candidate.is_file()]
        if found:
            attributes[name] = read_attributes(found[0], names)
    return attributes


def _sequence_files(folder: Path) -> Dict[str, Path]:
    """The ground truth file of each sequence, by name."""
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such folder of ground truth')
    flat = [path for path in sorted(folder.glob('*.txt')) if not path.name.startswith('.')]
    by_name = {re.sub('_gt$', '', path.stem): path for path in flat}
    in_folders = {
        path.parent.name: path
        for box_file in reversed(FOLDER_BOX_FILES)
        for path in sorted(folder.glob(f'*/{box_file}'))
    }
    # A folder of sequences may have stray text files, a readme for one, at its top.
    return dict(sorted(in_folders.items())) or by_name
