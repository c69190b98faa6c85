"""Lists of sequences: folders, the benchmarks' tables and MMTracking's infos files.

A sequence info is a dict of ``seq_name``, ``video_path`` (folder of images), ``ann_path`` (file of
boxes) and, where the sequence is a part of the folder, ``start_frame_id`` and ``end_frame_id``
(numbers in the image names, both included).
"""

import csv
from collections import Counter
from pathlib import Path
from typing import Iterable, List, NamedTuple, Tuple, Union

from mmeatrack.files.content import decode_lines, read_file
from mmeatrack.files.sequence_names import annotation_files, name_by_annotation

_INFO_FORMAT = 'video_path,ann_path,first,last'


class SequenceRange(NamedTuple):
    """A sequence of a benchmark: the frames ``first`` to ``last`` of an image folder."""

    name: str
    folder: str
    first: int
    last: int


def load_sequence_table(name: str) -> List[SequenceRange]:
    """Load the package's table of ``'uav123'``, ``'uav123_10fps'``, ``'uav20l'`` or ``'dtb70'``."""
    path = Path(__file__).parent / 'sequence_tables' / f'{name}.csv'
    rows = csv.reader(path.read_text(encoding='utf-8').splitlines()[1:])
    return [SequenceRange(row[0], row[1], int(row[2]), int(row[3])) for row in rows]


def find_folder_sequences(
    folders: Iterable[Path], img_folder: str, box_file: str
) -> Tuple[List[dict], List[str]]:
    """List sequences that have a folder each, or share one with a numbered box file each.

    Returns:
        Sequence infos with ``attribute_path``, and the names of folders without images and boxes.
        A sequence whose box file is missing is listed, so that reading the file raises the error.
    """
    infos: List[dict] = []
    strays: List[str] = []
    for folder in folders:
        boxes = annotation_files(folder, [box_file])
        if not boxes and img_folder and (folder / img_folder).is_dir():
            boxes = {folder.name: folder / box_file}
        if not boxes:
            strays.append(folder.name)
        infos += [
            dict(
                seq_name=name,
                video_path=str(folder / img_folder),
                ann_path=str(path),
                attribute_path=str(folder / 'attributes.txt'),
            )
            for name, path in boxes.items()
        ]
    return infos, strays


def load_infos_file(path: Union[str, Path]) -> List[dict]:
    """Load an infos file of MMTracking: ``video_path,ann_path,first,last`` a line.

    The header is optional. A sequence is named after its annotation file or, where those names are
    all alike (as ``groundtruth.txt``), after the folder of that file. Paths stay as they are in the
    file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line is malformed or the names are not unique.
    """
    lines = decode_lines(read_file(path, 'infos'), str(path), f'lines of {_INFO_FORMAT}')
    infos = []
    for number, line in enumerate(lines, start=1):
        fields = [field.strip() for field in next(csv.reader([line], skipinitialspace=True), [])]
        is_header = number == 1 and not any(
            field.isdecimal() or field.lower().endswith('.txt') for field in fields
        )
        if not any(fields) or is_header:
            continue
        source = f'{path}, line {number}: {line.strip()!r}'
        if len(fields) != 4 or not all(map(str.isdecimal, fields[2:])):
            raise ValueError(f'{source}; expected {_INFO_FORMAT}, and at most one header line')
        first, last = map(int, fields[2:])
        if first > last:
            raise ValueError(f'{source}; the first frame {first} comes after the last {last}')
        info = dict(video_path=fields[0], ann_path=fields[1])
        infos.append(dict(info, start_frame_id=first, end_frame_id=last))
    return name_sequences(infos, str(path))


def name_sequences(infos: List[dict], source: str) -> List[dict]:
    """Copy sequence infos and give each a unique ``seq_name``, see :func:`load_infos_file`.

    Raises:
        ValueError: If the list is empty, a path is missing or the names are not unique.
    """
    if not infos:
        raise ValueError(f'{source}: the list of sequences is empty')
    for info in infos:
        if not info.get('video_path') or not info.get('ann_path'):
            raise ValueError(f'{source}: {info} needs video_path and ann_path')
    paths = [Path(info['ann_path']) for info in infos]
    names = [name_by_annotation(path) or path.stem for path in paths]
    if len(set(names)) < len(names):
        names = [path.parent.name for path in paths]
    named = [dict(dict(seq_name=name), **info) for info, name in zip(infos, names)]
    name, count = Counter(info['seq_name'] for info in named).most_common(1)[0]
    if count > 1:
        raise ValueError(f'{source}: {count} sequences are named {name!r}; give each a seq_name')
    return named
