"""Reading of box files: ground truths and raw results, one ``x,y,w,h`` a line."""

import io
from pathlib import Path
from typing import List, Optional, Union

import numpy as np

BOX_FORMAT = 'four numbers x,y,w,h a line, separated by commas, spaces or tabs'


def read_boxes(path: Union[str, Path]) -> np.ndarray:
    """Read a file of boxes.

    Args:
        path: A text file with one box a line (see :func:`parse_boxes`).

    Returns:
        Boxes of shape (N, 4), float64, as x, y, w, h in image pixels.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is empty, is no text or holds a malformed line.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such box file; expected a text file with {BOX_FORMAT}')
    return parse_boxes(path.read_bytes(), str(path))


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
    return boxes


def parse_boxes(content: Union[bytes, str], source: str) -> np.ndarray:
    """Parse the content of a box file.

    Commas, semicolons, spaces and tabs separate numbers; line ends may be of any system; the
    first line may be a header; ``NaN`` marks an absent target. Blank lines may only close the file,
    because one in the middle would shift every later frame.

    Args:
        content: The content of the file.
        source: The file's name, for error messages.

    Returns:
        Boxes of shape (N, 4), float64, as x, y, w, h in image pixels.

    Raises:
        ValueError: If the content is empty, is no text or holds a malformed line.
    """
    text = _decode(content, source) if isinstance(content, bytes) else content
    lines = text.rstrip().splitlines()
    if not lines:
        raise ValueError(f'{source}: the file is empty; expected {BOX_FORMAT}')
    boxes = _parse_regular(lines)
    return _parse_by_line(lines, source) if boxes is None else boxes


def _parse_regular(lines: List[str]) -> Optional[np.ndarray]:
    """Parse lines that are boxes one and all, which is fast; None if they are not."""
    text = '\n'.join(lines).replace(',', ' ').replace(';', ' ')
    try:
        boxes = np.loadtxt(io.StringIO(text), dtype=np.float64, comments=None, ndmin=2)
    except ValueError:
        return None
    return boxes if boxes.shape == (len(lines), 4) else None


def _parse_by_line(lines: List[str], source: str) -> np.ndarray:
    """Parse lines one by one, to pass over a header or to name the line that is wrong."""
    rows: List[List[float]] = []
    for number, line in enumerate(lines, start=1):
        tokens = line.replace(',', ' ').replace(';', ' ').split()
        row = _as_numbers(tokens)
        if row is None and number == 1 and _is_header(tokens):
            continue
        if row is None or len(row) != 4:
            found = repr(line.strip()[:80]) if tokens else 'a blank line'
            raise ValueError(f'{source}, line {number}: {found} is no box; expected {BOX_FORMAT}')
        rows.append(row)
    if not rows:
        raise ValueError(f'{source}: there is no box below the header; expected {BOX_FORMAT}')
    return np.array(rows, dtype=np.float64)


def _decode(content: bytes, source: str) -> str:
    """Decode text and refuse binary data."""
    try:
        text = content.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(f'{source}: not a text file; expected {BOX_FORMAT}') from error
    if '\0' in text:
        raise ValueError(f'{source}: not a text file; expected {BOX_FORMAT}')
    return text


def _as_numbers(tokens: List[str]) -> Optional[List[float]]:
    """Return the tokens as floats, or None if one of them is no number."""
    try:
        return [float(token) for token in tokens]
    except ValueError:
        return None


def _is_header(tokens: List[str]) -> bool:
    """Tell whether a line consists of words alone."""
    return bool(tokens) and all(_as_numbers([token]) is None for token in tokens)
