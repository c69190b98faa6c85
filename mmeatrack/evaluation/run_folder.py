"""Raw results of a test run on disk: ``<result_dir>/<tracker>/[<benchmark>/]<sequence>.txt``."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Union

import numpy as np

from mmeatrack.files.atomic import write_atomically
from mmeatrack.files.box_text import parse_boxes, read_boxes
from mmeatrack.files.folder_lock import LOCK_FILE, FolderLock
from mmeatrack.log import warn

IDENTITY_FILE = 'run.json'


@dataclass(frozen=True)
class SequenceResult:
    """Result of a tracker on one sequence of N frames.

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
    """Folder of one tracker's raw results on one benchmark.

    Holds for each sequence ``<sequence>.txt`` (x,y,w,h a line, four decimals) and, a number a line,
    ``<sequence>_score.txt``, ``<sequence>_time.txt`` and, where the tracker gives them,
    ``<sequence>_network_time.txt`` (seconds) and ``<sequence>_lost.txt``. ``run.json`` says which
    run they belong to. The report lies beside the folder. A run that has claimed the folder is its
    only writer, and stops when the folder becomes another's; processes of one ``group``, a
    distributed run's, write as one.
    """

    def __init__(self, path: Union[str, Path], group: str = '') -> None:
        self.path = Path(path)
        self._lock = FolderLock(self.path, group)

    @property
    def report_path(self) -> Path:
        """The report: ``<folder>_report.json`` beside the folder."""
        return _report_path(self.path)

    @property
    def is_claimed(self) -> bool:
        """True if this run has claimed the folder."""
        return self._lock.token is not None

    def write(self, result: SequenceResult) -> None:
        """Write one sequence. The box file comes last and whole: where it is, all is complete.

        Raises:
            ValueError: If the sequence's name is no file name.
            RuntimeError: If the folder was claimed and has become another run's.
        """
        name = file_name(result.name, 'seq_name')
        self.check()
        self.path.mkdir(parents=True, exist_ok=True)
        self._replace(f'{name}_score.txt', _rows_text(result.scores, 6))
        self._replace(f'{name}_time.txt', _rows_text(result.seconds, 6))
        if np.isfinite(result.network_seconds).any():
            network_time = _rows_text(result.network_seconds, 6)
            self._replace(f'{name}_network_time.txt', network_time)
        if result.lost is not None:
            self._replace(f'{name}_lost.txt', _rows_text(result.lost, 0))
        self._replace(f'{name}.txt', _rows_text(result.boxes, 4))

    def write_report(self, text: str) -> None:
        """Write the report, JSON; see :meth:`check`."""
        self.check()
        write_atomically(self.report_path, text)

    def read(self, name: str, num_frames: int) -> Optional[SequenceResult]:
        """Read a sequence of ``num_frames`` back; None if it is not there completely.

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

    def claim(self, identity: Optional[Mapping[str, object]] = None) -> Optional[Path]:
        """Make the folder that of a run; return where results of another run were moved, if any.

        Args:
            identity: JSON-serialisable facts that decide about the results. Without them no results
                that are there count as this run's, as nobody can tell whether they are.

        Raises:
            RuntimeError: If another run is writing to the folder.
        """
        token = self._lock.acquire()
        facts = json.loads(json.dumps(dict(identity or dict(run=token))))
        moved = None
        if self.identity() != facts:
            moved = self._move_files()
            if moved is not None:
                warn(f'{self.path} held the results of another run; they are now in {moved}')
            self._replace(IDENTITY_FILE, json.dumps(facts, indent=2))
        return moved

    def join(self) -> None:
        """Share the folder that the group has claimed; RuntimeError if it is another's."""
        self._lock.acquire()

    def release(self) -> None:
        """Let other runs claim the folder."""
        self._lock.release()

    def beat(self) -> None:
        """Show other runs that the folder has a writer, often; see :meth:`check`."""
        if self.is_claimed:
            self._lock.beat()

    def check(self) -> None:
        """RuntimeError if a claimed folder has become another run's."""
        if self.is_claimed:
            self._lock.check()

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

    def _move_files(self) -> Optional[Path]:
        """Move all files, and the report, to ``<folder>.old-1``, ``.old-2`` ..; None without any.

        Folders stay: they are this tracker's on other benchmarks.
        """
        entries = [each for each in self.path.iterdir() if each.name != LOCK_FILE]
        files = sorted(each for each in entries if not each.is_dir())
        if not files:
            return None
        number = 1
        while (moved := self.path.with_name(f'{self.path.name}.old-{number}')).exists():
            number += 1
        moved.mkdir()
        for file in files:
            file.rename(moved / file.name)
        if self.report_path.is_file():
            self.report_path.rename(_report_path(moved))
        return moved

    def _replace(self, file_name: str, text: str) -> None:
        """Write a file so that it is never seen half-written."""
        write_atomically(self.path / file_name, text)


def file_name(name: str, what: str) -> str:
    """Return a name that is to become a file's or folder's.

    Raises:
        ValueError: If it is empty or would lead to another folder.
    """
    if name in ('', '.', '..') or Path(name).name != name or '\\' in name or '\0' in name:
        raise ValueError(
            f'{what}={name!r} must be usable as a folder name: without / or \\, not empty'
        )
    return name


def as_text(value: Union[str, Path, int, float], what: str) -> str:
    """Return an option as text; ``--cfg-options`` turns what looks like a number into one.

    Raises:
        TypeError: If it is neither text nor a number.
    """
    if isinstance(value, bool) or not isinstance(value, (str, Path, int, float)):
        raise TypeError(
            f'{what}={value!r} is a {type(value).__name__}, but has to be text; on the command '
            f'line put it in quotes twice, {what}="\'...\'"'
        )
    return str(value)


def _report_path(folder: Path) -> Path:
    return folder.with_name(f'{folder.name}_report.json')


def _rows_text(values: np.ndarray, decimals: int) -> str:
    """Format (N,) or (N, K) values as N lines of comma-separated numbers."""
    rows = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    return ''.join(','.join(f'{value:.{decimals}f}' for value in row) + '\n' for row in rows)
