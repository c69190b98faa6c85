"""Lists of sequences: the benchmarks' tables and MMTracking's infos files.

A sequence info is a dict of ``seq_name``, ``video_path`` (folder of images), ``ann_path`` (file of
boxes) and, where the sequence is a part of the folder, ``start_frame_id`` and ``end_frame_id``
(numbers in the image names, both included).
"""

import csv
from collections import Counter
from pathlib import Path
from typing import List, NamedTuple, Union


class SequenceRange(NamedTuple):
    """A sequence of a benchmark: the frames ``first`` to ``last`` of an image folder."""

    name: str
    folder: str
    first: int
    last: int


def load_sequence_table(name: str) -> List[SequenceRange]:
    """Load a table of the package, ``'uav123'`` or ``'uav123_10fps'``, in the table's order."""
    path = Path(__file__).parent / 'sequence_tables' / f'{name}.csv'
    with open(path, newline='', encoding='utf-8') as file:
        rows = csv.DictReader(file)
        return [
            SequenceRange(
                row['sequence'], row['folder'], int(row['first_frame']), int(row['last_frame'])
            )
            for row in rows
        ]


def load_infos_file(path: Union[str, Path]) -> List[dict]:
    """Load an infos file of MMTracking: a header, then ``video_path,ann_path,start,end`` a line.

    A sequence is named after its annotation file or, where those names tell nothing (as
    ``groundtruth.txt``), after the folder of that file.

    Args:
        path: The infos file.

    Returns:
        Sequence infos; paths as in the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line is malformed or the names are not unique.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such infos file')
    infos = []
    lines = path.read_text(encoding='utf-8-sig').splitlines()
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.split(',')]
        if len(fields) != 4 or not (fields[2].isdigit() and fields[3].isdigit()):
            raise ValueError(
                f'{path}, line {number}: {line!r}; expected video_path,ann_path,first,last '
                'below a header line'
            )
        infos.append(
            dict(
                video_path=fields[0],
                ann_path=fields[1],
                start_frame_id=int(fields[2]),
                end_frame_id=int(fields[3]),
            )
        )
    return name_sequences(infos, str(path))


def name_sequences(infos: List[dict], source: str) -> List[dict]:
    """Give each sequence info without a ``seq_name`` a unique one, see :func:`load_infos_file`.

    Args:
        infos: Sequence infos.
        source: Where they come from, for error messages.

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
    stems = [Path(info['ann_path']).stem for info in infos]
    if len(set(stems)) < len(stems) or stems[0].startswith('groundtruth'):
        stems = [Path(info['ann_path']).parent.name for info in infos]
    named = [dict(info, seq_name=info.get('seq_name', stem)) for info, stem in zip(infos, stems)]
    name, count = Counter(info['seq_name'] for info in named).most_common(1)[0]
    if count > 1:
        raise ValueError(f'{source}: {count} sequences are named {name!r}; give each a seq_name')
    return named
