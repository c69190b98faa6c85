"""Ground truth and attributes of a benchmark, for the scoring of raw result files."""

import os
import re
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from mmeatrack.files.box_text import check_first_box, read_boxes, resembles_boxes
from mmeatrack.files.content import decode_lines, read_file
from mmeatrack.files.frame_files import is_image_name
from mmeatrack.files.sequence_names import FOLDER_BOX_FILES, annotation_files, name_by_annotation

_NO_SEQUENCE = re.compile(r'readme|licen[cs]e|changelog', re.IGNORECASE)


class GroundTruth(NamedTuple):
    """Ground truth of a benchmark.

    Attributes:
        boxes: Boxes (N, 4) of each sequence: x, y, w, h; NaN rows where the target is absent.
        files: The box file of each sequence.
        left_out: Reasons, by name, why sequences could not be read.
        passed_over: Files that hold no boxes, such as a readme.
    """

    boxes: Dict[str, np.ndarray]
    files: Dict[str, Path]
    left_out: Dict[str, str]
    passed_over: Tuple[Path, ...] = ()


def load_ground_truth(folder: Union[str, Path]) -> GroundTruth:
    """Read the ground truth of every sequence in a folder.

    Two layouts are known: ``<seq>.txt`` or ``<seq>_gt.txt`` side by side (the ``anno`` folder of a
    benchmark), and ``<seq>/groundtruth_rect.txt`` or ``<seq>/groundtruth.txt`` (DTB70, OTB). A
    video with two targets is two sequences, see
    :func:`mmeatrack.files.sequence_names.annotation_files`.

    Raises:
        FileNotFoundError: If the folder is missing, is itself a sequence, or holds none of these
            layouts.
        ValueError: If no sequence could be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such folder of ground truth')
    if annotation_files(folder) and _images(folder):
        raise FileNotFoundError(f'{folder} is one sequence: give the folder that contains it')
    entries = [each for each in sorted(folder.iterdir()) if not each.name.startswith('.')]
    files, left_out = _sequence_folders(entries)
    passed_over = _add_side_by_side(entries, files, left_out)
    if not files and not left_out:
        raise FileNotFoundError(
            f'{folder} holds no ground truth; expected <seq>.txt or <seq>_gt.txt in it, or '
            f'<seq>/{FOLDER_BOX_FILES[0]}'
        )
    boxes: Dict[str, np.ndarray] = {}
    for name, path in sorted(files.items()):
        num_frames = (len(_images(path.parent)) or None) if name_by_annotation(path) else None
        try:
            boxes[name] = check_first_box(read_boxes(path, num_frames), str(path))
        except (OSError, ValueError) as error:
            left_out[name] = str(error)
    if not boxes:
        reason = next(iter(left_out.values()))
        raise ValueError(f'no ground truth in {folder} can be used; the first: {reason}')
    return GroundTruth(boxes, files, left_out, tuple(passed_over))


def _sequence_folders(entries: Sequence[Path]) -> Tuple[Dict[str, Path], Dict[str, str]]:
    """Box files of the sequences that have a folder, and reasons for folders without one."""
    files: Dict[str, Path] = {}
    left_out: Dict[str, str] = {}
    for entry in filter(Path.is_dir, entries):
        found = annotation_files(entry)
        files.update(found)
        if not found and _images(entry):
            left_out[entry.name] = f'{entry}: there is no {" or ".join(FOLDER_BOX_FILES)}'
    # Frames without boxes are sequences only next to sequences that have some.
    return files, left_out if files else {}


def _add_side_by_side(
    entries: Sequence[Path], files: Dict[str, Path], left_out: Dict[str, str]
) -> List[Path]:
    """Add the box files among the entries to ``files``; return the text files that hold no box."""
    passed_over = []
    for path in entries:
        if path.suffix.lower() != '.txt' or not path.is_file():
            continue
        name = re.sub('_gt$', '', path.stem, flags=re.IGNORECASE)
        if _NO_SEQUENCE.match(path.name) or not resembles_boxes(path.read_bytes()):
            passed_over.append(path)
        elif name not in files and name not in left_out:
            files[name] = path
        elif name in left_out or files[name].read_bytes() != path.read_bytes():
            other = files.pop(name, None)
            left_out.setdefault(
                name, f'{other} and {path} are both the ground truth of {name}; remove one'
            )
    return passed_over


def _images(folder: Path) -> List[str]:
    """Names of the images in a sequence's folder: those in ``img``, or those in the folder."""
    for candidate in (folder / 'img', folder):
        names = os.listdir(candidate) if candidate.is_dir() else []
        images = [name for name in names if is_image_name(name)]
        if images:
            return images
    return []


def load_attributes(
    ground_truth: GroundTruth,
    names: Sequence[str] = (),
    folder: Union[str, Path, None] = None,
    on_problem: Optional[Callable[[str], None]] = None,
) -> Dict[str, List[str]]:
    """Read attribute names by sequence, for all sequences that have an attribute file.

    Args:
        ground_truth: The sequences.
        names: The benchmark's attribute names, where the files hold flags.
        folder: Folder of the attribute files. By default they are looked for where the benchmarks
            have them: ``att/`` next to the ground truth files, ``../attributes``, and
            ``<seq>/attributes.txt``.
        on_problem: Called with the reason for each unusable file, which is an error by default.

    Raises:
        ValueError: If a file does not fit ``names``.
    """
    attributes = {}
    for name, path in ground_truth.files.items():
        found = _attribute_file(name, path, folder)
        if found is None:
            continue
        try:
            attributes[name] = read_attributes(found, names)
        except (OSError, ValueError) as error:
            if on_problem is None:
                raise
            on_problem(str(error))
    return attributes


def _attribute_file(name: str, path: Path, folder: Union[str, Path, None]) -> Optional[Path]:
    """Attribute file of a sequence with the box file ``path``."""
    folders = [Path(folder)] if folder else [path.parent / 'att', path.parent.parent / 'attributes']
    suffixes = ('', '_att', '_attr')
    candidates = [each / f'{name}{suffix}.txt' for each in folders for suffix in suffixes]
    if name_by_annotation(path):  # the sequence has a folder
        candidates.append(path.parent / 'attributes.txt')
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def read_attributes(path: Union[str, Path], names: Sequence[str] = ()) -> List[str]:
    """Read the attributes of one sequence.

    Two forms are known: the benchmarks' flags, 0 or 1 for each of the ``names`` in their order
    (``1,0,0,1``), and names, one a line.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the number of flags is not the number of names, or the file is not text.
    """
    content = read_file(path, 'attribute')
    lines = decode_lines(content, str(path), 'flags 0 and 1, or names, one a line')
    flags = ' '.join(lines).replace(',', ' ').split()
    if not set(flags) <= {'0', '1'}:
        return [line.strip() for line in lines if line.strip()]
    if len(flags) != len(names):
        raise ValueError(
            f'{path}: {len(flags)} flags for {len(names)} attribute names {tuple(names)}; '
            'give the names in the order of the flags (those of the benchmark)'
        )
    return [name for name, flag in zip(names, flags) if flag == '1']
