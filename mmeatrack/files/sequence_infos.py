"""Lists of sequences: folders, the benchmarks' tables and MMTracking's infos files.

A sequence info is a dict of ``seq_name``, ``video_path`` (folder of images), ``ann_path`` (file of
boxes) and, where the sequence is a part of the folder, ``start_frame_id`` and ``end_frame_id``
(numbers in the image names, both included).
"""

import csv
from collections import Counter
from pathlib import Path
from typing import Iterable, List, NamedTuple, Sequence, Tuple, Union

from mmeatrack.files.sequence_names import annotation_files, name_by_annotation
from mmeatrack.files.text_file import decode_text, split_lines

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
    with open(path, newline='', encoding='utf-8') as file:
        rows = csv.DictReader(file)
        return [
            SequenceRange(
                row['sequence'], row['folder'], int(row['first_frame']), int(row['last_frame'])
            )
            for row in rows
        ]


def find_folder_sequences(
    folders: Iterable[Path], img_folder: str, box_file: str
) -> Tuple[List[dict], List[str]]:
    """List the sequences that have a folder of their own.

    Args:
        folders: Folders that may each hold a sequence, or several of the same images and a
            numbered file of boxes each.
        img_folder: Folder of the images within each; ``''`` for the folder itself.
        box_file: Name of the file of boxes within each.

    Returns:
        Sequence infos with ``attribute_path``, also of those without a file of boxes, which is
        then an error to whoever reads it; and the names of folders without images and boxes.
    """
    infos: List[dict] = []
    strays = []
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

    MMTracking's files begin with a header; one that begins with a sequence is read whole. A
    sequence is named after its annotation file or, where those names tell nothing (as
    ``groundtruth.txt``), after the folder of that file. Paths stay as they are in the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line is malformed or the names are not unique.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such infos file')
    lines = split_lines(decode_text(path.read_bytes(), str(path), f'lines of {_INFO_FORMAT}'))
    infos = []
    for number, line in enumerate(lines, start=1):
        fields = [field.strip() for field in next(csv.reader([line], skipinitialspace=True), [])]
        if not any(fields) or (number == 1 and _is_header(fields)):
            continue
        infos.append(_parse_info(fields, f'{path}, line {number}: {line.strip()!r}'))
    return name_sequences(infos, str(path))


def _is_header(fields: Sequence[str]) -> bool:
    """True if the first line has neither numbers nor the name of an annotation file."""
    return not any(field.isdigit() or field.lower().endswith('.txt') for field in fields)


def _parse_info(fields: Sequence[str], source: str) -> dict:
    if len(fields) != 4 or not (fields[2].isdigit() and fields[3].isdigit()):
        raise ValueError(f'{source}; expected {_INFO_FORMAT}, and at most one header line')
    first, last = int(fields[2]), int(fields[3])
    if first > last:
        raise ValueError(f'{source}; the first frame {first} comes after the last {last}')
    return dict(video_path=fields[0], ann_path=fields[1], start_frame_id=first, end_frame_id=last)


def name_sequences(infos: List[dict], source: str) -> List[dict]:
    """Give each sequence info without a ``seq_name`` a unique one, see :func:`load_infos_file`.

    Returns:
        New infos with ``seq_name``.

    Raises:
        ValueError: If the list is empty, a path is missing or the names are not unique.
    """
    if not infos:
        raise ValueError(f'{source}: the list of sequences is empty')
    for info in infos:
        if not info.get('video_path') or not info.get('ann_path'):
            raise ValueError(f'{source}: {info} needs video_path and ann_path')
    paths = [Path(info['ann_path']) for info in infos]
    stems = [name_by_annotation(path) or path.stem for path in paths]
    if len(set(stems)) < len(stems):
        stems = [path.parent.name for path in paths]
    named = [dict(info, seq_name=info.get('seq_name', stem)) for info, stem in zip(infos, stems)]
    name, count = Counter(info['seq_name'] for info in named).most_common(1)[0]
    if count > 1:
        raise ValueError(f'{source}: {count} sequences are named {name!r}; give each a seq_name')
    return named
