"""Reading of annotations of many targets: MOTChallenge's, VisDrone's and UAVDT's text files."""

from pathlib import Path

import numpy as np


def read_mot_rows(path: Path, num_frames: int) -> np.ndarray:
    """Read rows of ``frame,id,x,y,w,h`` and three columns more.

    Args:
        path: Text file, numbers separated by commas, a row for each target and frame.
        num_frames: Number of frames of the sequence; a row of a frame beyond it is an error.

    Returns:
        (N, 9) float64: frame from 1, id, x, y, w, h in image px, and three columns of which each
        benchmark has its own.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line is malformed; it is named.
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
