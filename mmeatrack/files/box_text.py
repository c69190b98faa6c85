"""Reading of box files: ground truths and raw results, one ``x,y,w,h`` a line, and MOT rows."""

import io
import re
import warnings
from pathlib import Path
from typing import List, Optional, Union

import numpy as np

from mmeatrack.files.text_file import decode_text, split_lines

BOX_FORMAT = 'four numbers x,y,w,h a line, separated by commas, spaces or tabs'

# Separators of every keyboard, quotes and brackets around numbers.
_SEPARATORS = str.maketrans(
    dict.fromkeys(',;"\'[](){}' + '\uff0c\u3001\uff1b\u060c\u201c\u201d\u2018\u2019', ' ')
)
_NUMBER = r'[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|nan|NaN|NAN'
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
    """Read a file of boxes as :func:`parse_boxes` does; FileNotFoundError if there is none."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such box file; expected a text file with {BOX_FORMAT}')
    return parse_boxes(path.read_bytes(), str(path), num_frames)


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
    if resemble_corners(boxes):
        warnings.warn(
            f'{source}: w and h follow x and y as the lower right corner would; is this '
            'x1,y1,x2,y2? x,y,w,h is expected.',
            stacklevel=2,
        )
    return boxes


def resemble_corners(boxes: np.ndarray) -> bool:
    """True if boxes (N, 4) are rather x1, y1, x2, y2 than x, y, w, h.

    Corners lie beyond each other in all frames, and both move alike: the size between them varies
    by less than a third of their own paths, which are 10 px or more.
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

    UTF-8, UTF-16 and UTF-32 are read; commas, semicolons, spaces and tabs separate numbers, which
    may be quoted or bracketed; line ends may be of any system; ``NaN`` marks an absent target.
    Lines may have a score and a flag for a lost target behind the box, as the video demo writes
    them. Blank lines may only close the file, because one in the middle would shift every later
    frame.

    A first line that is no box is a header only if the file has one line more than the sequence
    has frames. Where their number is not known, it must name the columns: ``x,y,w,h``.

    Args:
        content: The content of the file.
        source: The file's name, for error messages.
        num_frames: Number of frames of the sequence, where it is known.
        first_is_given: Whether the first box does not matter, as in results, where it is replaced
            by the ground truth. A first line that is neither box nor header is then a NaN row.

    Returns:
        Boxes of shape (N, 4), float64, as x, y, w, h in image pixels.

    Raises:
        ValueError: If the content is empty, is no text, holds a malformed line, or a header that
            names other columns than x, y, w, h.
    """
    text = content if isinstance(content, str) else decode_text(content, source, BOX_FORMAT)
    lines = split_lines(text.rstrip())
    if not any(lines):
        raise ValueError(f'{source}: the file is empty; expected {BOX_FORMAT}')
    boxes = _parse_regular(lines)
    if boxes is not None:
        return boxes
    first = _parse_line(lines[0])
    if first is not None:
        return _parse_by_line(lines, source)
    if _has_header(lines, source, num_frames):
        if len(lines) == 1:
            raise ValueError(f'{source}: there is no box below the header; expected {BOX_FORMAT}')
        return _parse_by_line(lines[1:], source, first_number=2)
    if not first_is_given:
        raise _malformed(source, 1, lines[0], _header_hint(lines, num_frames))
    rest = _parse_by_line(lines[1:], source, first_number=2)
    return np.concatenate([np.full((1, 4), np.nan), rest])


def resembles_boxes(content: bytes) -> bool:
    """True for a box file, malformed or empty ones too; False for other text, such as a readme."""
    try:
        text = decode_text(content, '', '')
    except ValueError:
        return True
    return not text or any(len(_numbers(line)) >= 4 for line in split_lines(text))


def _numbers(line: str) -> List[str]:
    return [token for token in _plain(line).split() if re.fullmatch(_NUMBER, token)]


def _parse_regular(lines: List[str]) -> Optional[np.ndarray]:
    """Parse lines that are boxes one and all, which is fast; None if they are not."""
    text = '\n'.join(_plain(line) for line in lines)
    try:
        rows = np.loadtxt(io.StringIO(text), dtype=np.float64, comments=None, ndmin=2)
    except ValueError:
        return None
    if len(rows) != len(lines) or not all(map(_is_box_row, rows[:, 4:].tolist())):
        return None
    return rows[:, :4] if rows.shape[1] >= 4 else None


def _parse_by_line(lines: List[str], source: str, first_number: int = 1) -> np.ndarray:
    """Parse lines one by one, to name the line that is wrong."""
    rows: List[List[float]] = []
    for number, line in enumerate(lines, start=first_number):
        row = _parse_line(line)
        if row is None:
            raise _malformed(source, number, line)
        rows.append(row)
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def _parse_line(line: str) -> Optional[List[float]]:
    """Return x, y, w, h; None if the line is no box."""
    try:
        row = [float(token) for token in _plain(line).split()]
    except ValueError:
        return None
    return row[:4] if len(row) >= 4 and _is_box_row(row[4:]) else None


def _is_box_row(tail: List[float]) -> bool:
    """True if nothing follows x, y, w, h, or a score up to 1 and a lost flag."""
    return not tail or (len(tail) == 2 and -1 <= tail[0] <= 1 and tail[1] in (0, 1))


def _plain(line: str) -> str:
    """Numbers separated by spaces; a comma between semicolons is a decimal comma."""
    if ',' in line and ';' in line.rstrip('; \t'):
        line = line.replace(',', '.')
    return line.translate(_SEPARATORS)


def _has_header(lines: List[str], source: str, num_frames: Optional[int]) -> bool:
    """True if the first line, which is no box, is a header.

    Raises:
        ValueError: If it names columns in another order, or does not fit the number of frames.
    """
    names = _plain(lines[0]).lower().split()
    columns = [_COLUMN_NAMES[name] for name in names if name in _COLUMN_NAMES]
    names_columns = bool(names) and len(columns) == len(names)
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


def _header_hint(lines: List[str], num_frames: Optional[int]) -> str:
    """Reason why the first line is not taken for a header."""
    if num_frames is None:
        return '; a header must name the columns x,y,w,h'
    return f', and no header either: there are {len(lines)} lines for {num_frames} frames'


def _malformed(source: str, number: int, line: str, hint: str = '') -> ValueError:
    found = repr(line.strip()[:80]) if line.strip() else 'a blank line'
    return ValueError(f'{source}, line {number}: {found} is no box{hint}; expected {BOX_FORMAT}')


def read_mot_rows(path: Path, num_frames: int) -> np.ndarray:
    """Rows (N, 9), float64, of ``frame,id,x,y,w,h`` and three columns of each benchmark's own.

    Frames count from 1, boxes are in image px. Numbers are separated by commas.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line is malformed, or of a frame beyond ``num_frames``; it is named.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such annotation')
    rows = []
    for number, line in enumerate(path.read_text(encoding='utf-8-sig').splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = [float(word) for word in line.strip().strip(',').split(',')]
        except ValueError as error:
            raise ValueError(f'{path}, line {number}: {error}; expected numbers') from error
        if len(row) < 9 or not np.isfinite(row).all():
            raise ValueError(
                f'{path}, line {number}: {line!r}; expected nine numbers, frame,id,x,y,w,h and '
                'three more'
            )
        if not 1 <= row[0] <= num_frames or row[0] % 1:
            raise ValueError(
                f'{path}, line {number}: frame {row[0]:g} of {num_frames}; are images missing?'
            )
        rows.append(row[:9])
    return np.array(rows).reshape(-1, 9)
