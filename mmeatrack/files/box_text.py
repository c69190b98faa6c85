"""Box files: text of one ``x,y,w,h`` a line, MATLAB files of raw results, and MOT rows."""

import io
import re
import warnings
from pathlib import Path
from typing import Any, List, Optional, Union

import numpy as np

from mmeatrack.files.content import decode_lines, read_file

BOX_FORMAT = 'four numbers x,y,w,h a line, separated by commas, spaces or tabs'

_MAT_FORMAT = 'results.res, or one matrix of four columns x,y,w,h'

# Separators of every keyboard, quotes and brackets around numbers.
_SEPARATORS = str.maketrans(
    dict.fromkeys(',;"\'[](){}' + '\uff0c\u3001\uff1b\u060c\u201c\u201d\u2018\u2019', ' ')
)
_NUMBER = re.compile(r'[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|nan|NaN|NAN')
_COLUMNS = {  # names of each column in headers
    'x': 'x x0 x1 xmin x_min left l ul_x x_left bb_left',
    'y': 'y y0 y1 ymin y_min top t ul_y y_top bb_top',
    'w': 'w width bb_width',
    'h': 'h height bb_height',
    'score': 'score confidence conf',
    'lost': 'lost',
    'corner': 'x2 y2 xmax ymax x_max y_max right bottom r b',
    'center': 'cx cy xc yc x_center y_center center_x center_y',
}


def read_boxes(path: Union[str, Path], num_frames: Optional[int] = None) -> np.ndarray:
    """Read a box file as :func:`parse_boxes` does; FileNotFoundError if it does not exist."""
    return parse_boxes(read_file(path, 'box'), str(path), num_frames)


def check_first_box(boxes: np.ndarray, source: str) -> np.ndarray:
    """Return ground truth boxes (N, 4); ValueError if the first is not finite or has no area."""
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
            reason = f'there are {len(lines)} lines for {num_frames} frames'
            hint = f', nor a header: {reason if num_frames else "it names no columns x,y,w,h"}'
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


def parse_result(content: bytes, source: str, num_frames: Optional[int] = None) -> np.ndarray:
    """Parse a raw result file, text or MATLAB, by its content.

    A MATLAB file has OTB's form (``results{1}.res``), or holds one matrix of boxes.

    Returns:
        Boxes (N, 4), float64, x, y, w, h in image px. The first one does not matter: it is NaN
        where a text file does not give it.

    Raises:
        ValueError: If text is malformed, or a MATLAB file is damaged, of version 7.3, of several
            segments (TRE, SRE), or without boxes of type ``rect``.
    """
    if not content.startswith(b'MATLAB '):
        return parse_boxes(content, source, num_frames, first_is_given=True)
    from scipy.io import loadmat  # takes a while to import

    try:
        variables = loadmat(io.BytesIO(content), simplify_cells=True)
    except NotImplementedError as error:
        raise ValueError(
            f"{source}: a MATLAB file of version 7.3; save it with '-v7', or as text"
        ) from error
    except Exception as error:  # the reader lets zlib, struct, index and type errors through
        raise ValueError(f'{source}: a damaged MATLAB file: {error}') from error
    if 'results' in variables:
        return _boxes_of_results(variables['results'], source)
    matrices = [value for value in variables.values() if _is_boxes(value)]
    if len(matrices) != 1:
        names = sorted(name for name in variables if not name.startswith('__'))
        raise ValueError(f'{source}: cannot tell the boxes among {names}; expected {_MAT_FORMAT}')
    return np.asarray(matrices[0], dtype=np.float64)


def _boxes_of_results(found: Any, source: str) -> np.ndarray:
    """Boxes of a struct, of a cell array of one struct, or of a matrix."""
    if isinstance(found, np.ndarray) and found.dtype == object:
        found = list(found.ravel())
    if isinstance(found, list):
        if len(found) != 1:
            raise ValueError(
                f'{source}: results of {len(found)} segments (TRE or SRE); one pass has one'
            )
        found = found[0]
    if isinstance(found, dict):
        kind = str(found.get('type', 'rect'))
        if kind != 'rect':
            raise ValueError(f"{source}: results of type {kind!r}; only 'rect' (x,y,w,h) is read")
        found = found.get('res')
    if not _is_boxes(found):
        raise ValueError(f'{source}: no boxes in its results; expected {_MAT_FORMAT}')
    return np.asarray(found, dtype=np.float64)


def _is_boxes(value: Any) -> bool:
    """True for a real matrix of four columns."""
    is_matrix = isinstance(value, np.ndarray) and value.ndim == 2
    return is_matrix and value.shape[1] == 4 and value.dtype.kind in 'fiu'


def resembles_boxes(content: bytes) -> bool:
    """True for a box file, even malformed or empty; False for other text, such as a readme."""
    try:
        lines = decode_lines(content, '', '')
    except ValueError:
        return True
    return not any(lines) or any(
        len(list(filter(_NUMBER.fullmatch, _plain(line).split()))) >= 4 for line in lines
    )


def _parse_line(line: str) -> Optional[List[float]]:
    """Return x, y, w, h; None if the line is not a box, alone or with a score and a lost flag."""
    if '_' in line:  # float() would take 1_0 for 10
        return None
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

    ValueError if it names columns in another order, or does not fit the number of frames.
    """
    names = _plain(lines[0]).lower().split()
    columns = [column for name in names for column in _COLUMNS if name in _COLUMNS[column].split()]
    names_columns = bool(names) and len(columns) == len(names)
    if names_columns and columns not in ([*'xywh'], [*'xywh', 'score', 'lost']):
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
