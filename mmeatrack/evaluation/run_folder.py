"""The raw results of a test run on disk: ``<result_dir>/<tracker>/<sequence>.txt`` and company."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Union

import numpy as np

from mmeatrack.files.atomic import write_atomically
from mmeatrack.files.box_text import parse_boxes, read_boxes

IDENTITY_FILE = 'run.json'


@dataclass(frozen=True)
class SequenceResult:
    """What a tracker gave for one sequence of N frames.

    Attributes:
        name: Name of the sequence.
        boxes: Shape (N, 4), x, y, w, h in image pixels, of four decimals; row 0 is the given box.
        scores: Shape (N,), confidences; -1 for frame 0.
        seconds: Shape (N,), wall time from one result to the next; NaN where it was not measured.
        network_seconds: Shape (N,), time in the network alone; NaN where it was not measured.
        lost: Shape (N,), 1 where the tracker says that it does not see the target, 0 where it does;
            NaN for frame 0. None where the tracker does not say.
    """

    name: str
    boxes: np.ndarray
    scores: np.ndarray
    seconds: np.ndarray
    network_seconds: np.ndarray
    lost: Optional[np.ndarray] = None


def rounded_boxes(boxes: np.ndarray) -> np.ndarray:
    """Return boxes (N, 4) as they are after being written and read, with four decimals."""
    return parse_boxes(_rows_text(boxes, 4), 'boxes')


class RunFolder:
    """The folder of one tracker's raw results.

    Holds for each sequence ``<sequence>.txt`` (x,y,w,h a line, four decimals) and, a number a line,
    ``<sequence>_score.txt``, ``<sequence>_time.txt`` and, where the tracker gives them,
    ``<sequence>_network_time.txt`` (seconds) and ``<sequence>_lost.txt``. ``run.json`` says which
    run they belong to.

    Args:
        path: The folder; made when something is written.
    """

    def __init__(self, path: Union[str, Path]) -> None:
        self.path = Path(path)

    def write(self, result: SequenceResult) -> None:
        """Write one sequence. The box file comes last and whole: where it is, all is complete."""
        self.path.mkdir(parents=True, exist_ok=True)
        self._replace(f'{result.name}_score.txt', _rows_text(result.scores, 6))
        self._replace(f'{result.name}_time.txt', _rows_text(result.seconds, 6))
        if np.isfinite(result.network_seconds).any():
            network_time = _rows_text(result.network_seconds, 6)
            self._replace(f'{result.name}_network_time.txt', network_time)
        if result.lost is not None:
            self._replace(f'{result.name}_lost.txt', _rows_text(result.lost, 0))
        self._replace(f'{result.name}.txt', _rows_text(result.boxes, 4))

    def read(self, name: str, num_frames: int) -> Optional[SequenceResult]:
        """Read one sequence back.

        Args:
            name: Name of the sequence.
            num_frames: Its number of frames.

        Returns:
            The sequence as it was written, or None if it is not there completely.

        Raises:
            ValueError: If a file is there but malformed.
        """
        box_file = self.path / f'{name}.txt'
        if not box_file.is_file():
            return None
        boxes = read_boxes(box_file)
        scores = self._read_column(f'{name}_score.txt')
        seconds = self._read_column(f'{name}_time.txt')
        network_seconds = self._read_column(f'{name}_network_time.txt')
        if not len(network_seconds):
            network_seconds = np.full(num_frames, np.nan)
        lost = self._read_column(f'{name}_lost.txt')
        columns = [boxes, scores, seconds, network_seconds, *([lost] if len(lost) else [])]
        if any(len(column) != num_frames for column in columns):
            return None
        return SequenceResult(
            name, boxes, scores, seconds, network_seconds, lost if len(lost) else None
        )

    def claim(self, identity: Mapping[str, object]) -> Optional[Path]:
        """Make the folder that of a run, and move results of another run out of the way.

        Args:
            identity: JSON-serialisable facts that decide about the results.

        Returns:
            Where the results of another run have been moved to, or None if there were none.
        """
        moved = None
        if self.path.is_dir() and any(self.path.iterdir()) and self.identity() != dict(identity):
            moved = self._free_name()
            self.path.rename(moved)
        self.path.mkdir(parents=True, exist_ok=True)
        self._replace(IDENTITY_FILE, json.dumps(dict(identity), indent=2))
        return moved

    def identity(self) -> Optional[dict]:
        """Return the facts of the run that the folder belongs to; None where they are unknown."""
        try:
            return json.loads((self.path / IDENTITY_FILE).read_text(encoding='utf-8'))
        except (FileNotFoundError, ValueError):
            return None

    def _read_column(self, file_name: str) -> np.ndarray:
        """Read a file of one number a line; missing files are empty."""
        path = self.path / file_name
        if not path.is_file():
            return np.empty(0)
        try:
            return np.array([float(line) for line in path.read_text().split()])
        except ValueError as error:
            raise ValueError(f'{path}: {error}; delete it to run the sequence again') from error

    def _free_name(self) -> Path:
        """The first of ``<tracker>.old-1``, ``.old-2`` .. that is not taken."""
        number = 1
        while (moved := self.path.with_name(f'{self.path.name}.old-{number}')).exists():
            number += 1
        return moved

    def _replace(self, file_name: str, text: str) -> None:
        """Write a file so that it is never seen half-written."""
        write_atomically(self.path / file_name, text)


def _rows_text(values: np.ndarray, decimals: int) -> str:
    """Format (N,) or (N, K) values as N lines of comma-separated numbers."""
    rows = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    return ''.join(','.join(f'{value:.{decimals}f}' for value in row) + '\n' for row in rows)
