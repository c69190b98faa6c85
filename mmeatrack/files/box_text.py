"""Box files: ground truths and raw results, one ``x,y,w,h`` a line, and MOT rows."""

import re
import warnings
from pathlib import Path
from typing import List, Optional, Union

import numpy as np

from mmeatrack.files.content import decode_lines, read_file

BOX_FORMAT = 'four numbers x,y,w,h a line, separated by commas, spaces or tabs'

# Separators of every keyboard, quotes and brackets around numbers.
_SEPARATORS = str.maketrans(
    dict.fromkeys(',;"\'[](){}' + '\uff0c\u3001\uff1b\u060c\u201c\u201d\u2018\u2019', ' ')
)
_NUMBER = re.compile(r'[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|nan|NaN|NAN')
_COLUMN_NAMES = {
    name: column
    for column, names in {
        'x': 'x x0 x1 xmin x_min left l ul_x x_left bb_left',
        'y': 'y y0 y1 ymin y_min top t ul_y y_top bb_top',
        'w': 'w width bb_width',
        'h': 'h height bb_height',
        'score': 'score confidence conf',
        'lost': 'lost',
        'corner': 'x2 y2 xmax ymax x_max y_max right bottom r b',
        'center': 'cx cy xc yc x_center y_center center_x center_y',
    }.items()
    for name in names.split()
}
_KNOWN_ORDERS = (['x', 'y', 'w', 'h'], ['x', 'y', 'w', 'h', 'score', 'lost'])


def read_boxes(path: Union[str, Path], num_frames: Optional[int] = None) -> np.ndarray:
    """Read a box file as :func:`parse_boxes` does; FileNotFoundError if it does not exist."""
    return parse_boxes(read_file(path, 'box'), str(path), num_frames)


def check_first_box(boxes: np.ndarray, source: str) -> np.ndarray:
    """Return the ground truth boxes (N, 4) if the first one can start a tracker.

    Raises:
        ValueError: If the first box is not finite or has no area.
    """
    first = boxes[0]
    if not (np.isfinite(first).all() and (first[2:] > 0).all()):
        raise ValueError(
            f'{source}, line 1: the first box is {first.tolist()}; the target must be given in the '
            'first frame, with finite x and y and with w, h > 0'
        )
    if _resemble_corners(boxes):
        warnings.warn(
            f'{source}: w and h follow x and y as the lower right corner would; is this '
            'x1,y1,x2,y2? x,y,w,h is expected.',
            stacklevel=2,
        )
    return boxes


def _resemble_corners(boxes: np.ndarray) -> bool:
    """True if boxes (N, 4) look more like x1, y1, x2, y2 than x, y, w, h.

    The second corner lies beyond the first in every frame, and both move alike: the size between
    them varies by less than a third of the movement of either, which is 10 px or more.
    """
    shown = boxes[np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)]
    first, second = shown[:, :2], shown[:, 2:]
    if len(shown) < 10 or not (second > first).all():
        return False
    moves = np.minimum(first.std(axis=0), second.std(axis=0))
    return bool((moves >= 10).all() and ((second - first).std(axis=0) < moves / 3).all())


def parse_boxes(
    content: Union[bytes, str],
    source: str,
    num_frames: Optional[int] = None,
    first_is_given: bool = False,
) -> np.ndarray:
    """Parse the content of a box file.

    Commas, semicolons, spaces and tabs separate numbers, which may be quoted or bracketed; ``NaN``
    marks an absent target. A score and a flag for a lost target may follow the box, as the video
    demo writes them. Encodings and line ends are those of :func:`decode_lines`. A blank line within
    the file is an error, because it would shift every later frame.

    A first line that is not a box is a header only if the file has one line more than the sequence
    has frames. Where their number is unknown, it must name the columns: ``x,y,w,h``.

    Args:
        content: The content of the file.
        source: The file's name, for error messages.
        num_frames: Number of frames of the sequence, where it is known.
        first_is_given: Whether the first box does not matter, as in results, where the ground truth
            replaces it. A first line that is neither box nor header is then a NaN row.

    Returns:
        Boxes of shape (N, 4), float64, as x, y, w, h in image pixels.

    Raises:
        ValueError: If the content is empty or not text, a line is malformed, or a header names
            other columns than x, y, w, h.
    """
    content = content.encode() if isinstance(content, str) else content
    lines = decode_lines(content, source, BOX_FORMAT)
    if not any(lines):
        raise ValueError(f'{source}: the file is empty; expected {BOX_FORMAT}')
    rows = [_parse_line(line) for line in lines]
    start, hint = 0, ''
    if rows[0] is None:
        if _has_header(lines, source, num_frames):
            start = 1
        elif first_is_given:
            rows[0] = [np.nan] * 4
        else:
            hint = (
                '; a header must name the columns x,y,w,h'
                if num_frames is None
                else f', nor a header: there are {len(lines)} lines for {num_frames} frames'
            )
    if start == len(lines):
        raise ValueError(f'{source}: there is no box below the header; expected {BOX_FORMAT}')
    for number, row in enumerate(rows[start:], start + 1):
        if row is None:
            line = lines[number - 1].strip()
            found = repr(line[:80]) if line else 'a blank line'
            raise ValueError(
                f'{source}, line {number}: {found} is not a box{hint}; expected {BOX_FORMAT}'
            )
    return np.array(rows[start:], dtype=np.float64)


def resembles_boxes(content: bytes) -> bool:
    """True for a box file, even malformed or empty; False for other text, such as a readme."""
    try:
        lines = decode_lines(content, '', '')
    except ValueError:
        return True
    return not any(lines) or any(
        len([token for token in _plain(line).split() if _NUMBER.fullmatch(token)]) >= 4
        for line in lines
    )


def _parse_line(line: str) -> Optional[List[float]]:
    """Return x, y, w, h; None if the line is not a box, alone or with a score and a lost flag."""
    try:
        row = [float(token) for token in _plain(line).split()]
    except ValueError:
        return None
    is_result = len(row) == 6 and -1 <= row[4] <= 1 and row[5] in (0, 1)
    return row[:4] if len(row) == 4 or is_result else None


def _plain(line: str) -> str:
    """Numbers separated by spaces; a comma between semicolons is a decimal comma."""
    if ',' in line and ';' in line.rstrip('; \t'):
        line = line.replace(',', '.')
    return line.translate(_SEPARATORS)


def _has_header(lines: List[str], source: str, num_frames: Optional[int]) -> bool:
    """True if the first line, which is not a box, is a header.

    Raises:
        ValueError: If it names columns in another order, or does not fit the number of frames.
    """
    names = _plain(lines[0]).lower().split()
    columns = [_COLUMN_NAMES.get(name) for name in names]
    names_columns = bool(names) and None not in columns
    if names_columns and columns not in _KNOWN_ORDERS:
        raise ValueError(
            f'{source}, line 1: the header names the columns {lines[0].strip()!r}; '
            'expected x,y,w,h, the upper left corner and the size'
        )
    if num_frames is None:
        return names_columns
    if names_columns and len(lines) != num_frames + 1:
        raise ValueError(
            f'{source}: a header and {len(lines) - 1} boxes for {num_frames} frames; '
            'one box a frame is needed'
        )
    return len(lines) == num_frames + 1


def read_mot_rows(path: Path, num_frames: int) -> np.ndarray:
    """Rows (N, 9), float64: ``frame,id,x,y,w,h`` and three columns that each benchmark defines.

    Frames count from 1, boxes are in image px. Numbers are separated by commas.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line is malformed or its frame is beyond ``num_frames``; it is named.
    """
    expected = 'nine numbers, frame,id,x,y,w,h and three more'
    rows = []
    for number, line in enumerate(decode_lines(read_file(path, 'annotation'), str(path), expected)):
        if not line.strip():
            continue
        source = f'{path}, line {number + 1}: '
        try:
            row = [float(word) for word in line.strip().strip(',').split(',')]
        except ValueError as error:
            raise ValueError(f'{source}{error}; expected {expected}') from error
        if len(row) < 9 or not np.isfinite(row).all():
            raise ValueError(f'{source}{line!r}; expected {expected}')
        if not 1 <= row[0] <= num_frames or row[0] % 1:
            raise ValueError(f'{source}frame {row[0]:g} of {num_frames}; are images missing?')
        rows.append(row[:9])
    return np.array(rows).reshape(-1, 9)
