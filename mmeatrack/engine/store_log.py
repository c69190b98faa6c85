"""Log of temporal adaptation, with one row for each video of a test run."""

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from mmeatrack.evaluation.calibration import is_right
from mmeatrack.files.atomic import write_atomically
from mmeatrack.models.trackers import TrackerState
from mmeatrack.structures.boxes import cxcywh_to_xywh


@dataclass
class VideoLog:
    """Counts of one video.

    Attributes:
        video: Name of the sequence in its dataset.
        frames: Frames tracked.
        offered: Frames offered to the store, those in which the target was not lost.
        confident: Offered frames at or above the threshold.
        admitted: Views stored.
        contaminated: Stored views whose box has an IoU below 0.5 with the ground truth.
        activations: Times that new tokens were drawn.
        frames_lost: Frames in which the target counted as lost.
        times_lost, times_found: Changes to lost, and back.
    """

    video: str
    frames: int = 0
    offered: int = 0
    confident: int = 0
    admitted: int = 0
    contaminated: int = 0
    activations: int = 0
    frames_lost: int = 0
    times_lost: int = 0
    times_found: int = 0


_COLUMNS = [each.name for each in fields(VideoLog)]


class StoreLog:
    """Log of a tracker through the videos of a run.

    Attributes:
        videos: Finished videos.
    """

    def __init__(self) -> None:
        self.videos: List[VideoLog] = []
        self.start('')

    def start(self, video: str) -> None:
        """Begin a video, at its first frame."""
        self._current = VideoLog(video)
        self._truths: Dict[int, Optional[np.ndarray]] = {}  # of the frames since the last view

    def follow(self, state: TrackerState, truth_xyxy: Optional[Sequence[float]]) -> None:
        """Record a tracked frame; the ground truth is in image px, None if it is not known."""
        log, store = self._current, state.store
        log.frames += 1
        log.frames_lost += state.lost_detector.lost
        log.times_lost = state.lost_detector.times_lost
        log.times_found = state.lost_detector.times_found
        if store is None:
            return
        self._truths[state.frame] = None if truth_xyxy is None else np.array(truth_xyxy, float)
        if store.statistics.stored > log.admitted:
            entry = store.entries[-1]
            truth = self._truths[entry.frame]
            if truth is not None:
                truth_xywh = np.concatenate((truth[:2], truth[2:] - truth[:2]))
                box_xywh = np.array([cxcywh_to_xywh(entry.box)])
                log.contaminated += int(not is_right(box_xywh, truth_xywh[None])[0])
            self._truths = {}
        log.offered, log.confident = store.statistics.offered, store.statistics.confident
        log.admitted, log.activations = store.statistics.stored, store.statistics.activations

    def finish(self) -> None:
        """End the video, after its last frame."""
        self.videos.append(self._current)


def write_store_log(videos: Sequence[VideoLog], path: Path) -> None:
    """Write a CSV file with one row for each video."""
    text = io.StringIO(newline='')
    writer = csv.DictWriter(text, _COLUMNS)
    writer.writeheader()
    writer.writerows(asdict(video) for video in videos)
    write_atomically(path, text.getvalue())


def read_store_log(path: Path) -> List[VideoLog]:
    """Read a file of :func:`write_store_log`."""
    with path.open(newline='', encoding='utf-8') as file:
        rows: List[Dict[str, Any]] = list(csv.DictReader(file))
    return [VideoLog(row.pop('video'), **{k: int(v) for k, v in row.items()}) for row in rows]


def add_up(name: str, videos: Sequence[VideoLog]) -> VideoLog:
    """Sums of the counts of several videos, under a new name."""
    return VideoLog(name, *(sum(getattr(log, key) for log in videos) for key in _COLUMNS[1:]))
