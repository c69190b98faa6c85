"""Raw results of a test run on disk: ``<result_dir>/<tracker>/[<benchmark>/]<sequence>.txt``."""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, Optional, Tuple, Union

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
        boxes: Shape (N, 4), x, y, w, h in image pixels, to four decimals; row 0 is the given box.
        scores: Shape (N,), confidences; -1 for frame 0.
        seconds: Shape (N,), wall time from one result to the next; NaN where it was not measured.
        network_seconds: Shape (N,), time in the network alone; NaN where it was not measured.
        lost: Shape (N,), 1 where the tracker reports the target as lost and 0 elsewhere; NaN for
            frame 0. None if the tracker does not report it.
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

    Holds ``<sequence>.txt`` (x,y,w,h a line, four decimals) for each sequence and, with one number
    a line, ``<sequence>_score.txt``, ``<sequence>_time.txt`` and, where the tracker gives them,
    ``<sequence>_network_time.txt`` (seconds) and ``<sequence>_lost.txt``. ``run.json`` identifies
    the run that they belong to. The report lies next to the folder. A run that has claimed the
    folder holds its ``lock``: it is the only writer, and stops if another run takes the folder
    over. Processes of one ``group``, those of a distributed run, write as one.
    """

    def __init__(self, path: Union[str, Path], group: str = '') -> None:
        self.path = Path(path)
        self.report_path = self.path.with_name(f'{self.path.name}_report.json')
        self.lock = FolderLock(self.path, group)

    def write(self, result: SequenceResult) -> None:
        """Write one sequence. The box file comes last: a sequence that has one is complete.

        ValueError if its name cannot be a file name; RuntimeError if the folder was claimed and
        another run has taken it over.
        """
        name = file_name(result.name, 'seq_name')
        self._check_lock()
        texts = {'score': _rows_text(result.scores, 6), 'time': _rows_text(result.seconds, 6)}
        if np.isfinite(result.network_seconds).any():
            texts['network_time'] = _rows_text(result.network_seconds, 6)
        if result.lost is not None:
            texts['lost'] = _rows_text(result.lost, 0)
        for suffix, text in texts.items():
            write_atomically(self.path / f'{name}_{suffix}.txt', text)
        write_atomically(self.path / f'{name}.txt', _rows_text(result.boxes, 4))

    def write_report(self, text: str) -> None:
        """Write the report, JSON; RuntimeError as by :meth:`write`."""
        self._check_lock()
        write_atomically(self.report_path, text)

    def read(self, name: str, num_frames: int) -> Optional[SequenceResult]:
        """Read a sequence of ``num_frames`` frames; None if it is missing or incomplete.

        ValueError if a file is malformed.
        """
        box_file = self.path / f'{name}.txt'
        if not box_file.is_file():
            return None
        boxes = read_boxes(box_file)
        scores, seconds, network_seconds, lost = (
            self._read_column(f'{name}_{suffix}.txt')
            for suffix in ('score', 'time', 'network_time', 'lost')
        )
        if network_seconds is None:
            network_seconds = np.full(num_frames, np.nan)
        if scores is None or seconds is None:
            return None
        result = SequenceResult(name, boxes, scores, seconds, network_seconds, lost)
        columns = [boxes, scores, seconds, network_seconds, *([] if lost is None else [lost])]
        return result if all(len(column) == num_frames for column in columns) else None

    def claim(self, identity: Optional[Mapping[str, object]] = None) -> Optional[Path]:
        """Claim the folder for a run; return where another run's results were moved, if any.

        Args:
            identity: JSON-serialisable facts that determine the results. Without them, results
                that are already there count as another run's, because their origin is unknown.

        Raises:
            RuntimeError: If another run is writing to the folder.
        """
        token = self.lock.acquire()
        facts = json.loads(json.dumps(dict(identity or dict(run=token))))
        if self.identity() == facts:
            return None
        moved = self._move_files()
        if moved is not None:
            warn(f'{self.path} held the results of another run; they are now in {moved}')
        write_atomically(self.path / IDENTITY_FILE, json.dumps(facts, indent=2))
        return moved

    def identity(self) -> Optional[dict]:
        """Return the facts that identify the folder's run; None if they are unknown."""
        try:
            return json.loads((self.path / IDENTITY_FILE).read_text(encoding='utf-8'))
        except (FileNotFoundError, ValueError):
            return None

    def _check_lock(self) -> None:
        if self.lock.token is not None:
            self.lock.check()

    def _read_column(self, file_name: str) -> Optional[np.ndarray]:
        """Read a file of one number a line; None if it is missing."""
        path = self.path / file_name
        if not path.is_file():
            return None
        try:
            return np.array([float(line) for line in path.read_text().split()])
        except ValueError as error:
            raise ValueError(f'{path}: {error}; delete it to run the sequence again') from error

    def _move_files(self) -> Optional[Path]:
        """Move all files and the report to ``<folder>.old-1``, ``.old-2`` ..; None without any.

        Folders stay: they are this tracker's on other benchmarks.
        """
        entries = [each for each in self.path.iterdir() if each.name != LOCK_FILE]
        files = sorted(each for each in entries if not each.is_dir())
        if not files:
            return None
        candidates = (self.path.with_name(f'{self.path.name}.old-{n}') for n in itertools.count(1))
        moved = next(path for path in candidates if not path.exists())
        moved.mkdir()
        for file in files:
            file.rename(moved / file.name)
        if self.report_path.is_file():
            self.report_path.rename(RunFolder(moved).report_path)
        return moved


def run_speed(results: Iterable[SequenceResult]) -> Tuple[dict, Dict[str, dict]]:
    """``fps`` (end to end) and ``network_fps``: all frames over all seconds, and by sequence.

    Both are None if no time was measured. The first frame of a sequence sets the tracker up and is
    left out.
    """
    results = list(results)
    return _speeds(results), {result.name: _speeds([result]) for result in results}


def _speeds(results: List[SequenceResult]) -> Dict[str, Optional[float]]:
    speeds: Dict[str, Optional[float]] = {}
    for key, column in (('fps', 'seconds'), ('network_fps', 'network_seconds')):
        seconds = np.concatenate([getattr(result, column)[1:] for result in results])
        measured = seconds[np.isfinite(seconds)]
        total = measured.sum()
        speeds[key] = float(len(measured) / total) if total > 0 else None
    return speeds


def file_name(name: str, what: str) -> str:
    """Return the name if it can be that of a file or folder; ValueError otherwise."""
    if name in ('', '.', '..') or Path(name).name != name or '\\' in name or '\0' in name:
        raise ValueError(
            f'{what}={name!r} must be usable as a folder name: without / or \\, not empty'
        )
    return name


def _rows_text(values: np.ndarray, decimals: int) -> str:
    """Format (N,) or (N, K) values as N lines of comma-separated numbers."""
    rows = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    return ''.join(','.join(f'{value:.{decimals}f}' for value in row) + '\n' for row in rows)
