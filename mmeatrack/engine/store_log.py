"""Log of temporal adaptation: a line for each video of a test run."""

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from mmeatrack.evaluation.calibration import is_right
from mmeatrack.files.atomic import write_atomically
from mmeatrack.structures.boxes import cxcywh_to_xywh
from mmeatrack.tracking import TrackerState


@dataclass
class VideoLog:
    """One video.

    Attributes:
        video: The sequence's name, from its dataset.
        frames: Frames tracked.
        offered: Frames that the store was offered: those in which the target was not lost.
        confident: Those of them at or above the threshold.
        admitted: Views stored.
        contaminated: Those of them whose box has an IoU below 0.5 with the truth.
        activations: Times the tokens in use were drawn anew.
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


class StoreLog:
    """Follows a tracker through the videos of a run.

    Attributes:
        videos: The finished ones.
    """

    def __init__(self) -> None:
        self.videos: List[VideoLog] = []
        self._current = VideoLog('')
        self._truths: Dict[int, Optional[np.ndarray]] = {}

    def start(self, video: str) -> None:
        """A video's first frame."""
        self._current, self._truths = VideoLog(video), {}

    def follow(self, state: TrackerState, truth_xyxy: Optional[Sequence[float]]) -> None:
        """A tracked frame; the truth in image px, None where it is not known."""
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
            log.contaminated += _is_wrong(entry.box, self._truths[entry.frame])
            self._truths = {}
        log.offered, log.confident = store.statistics.offered, store.statistics.confident
        log.admitted, log.activations = store.statistics.stored, store.statistics.activations

    def finish(self) -> None:
        """The video's last frame was followed."""
        self.videos.append(self._current)


def write_store_log(videos: Sequence[VideoLog], path: Path) -> None:
    """Write a line a video, with a header."""
    text = io.StringIO(newline='')
    writer = csv.DictWriter(text, [each.name for each in fields(VideoLog)])
    writer.writeheader()
    writer.writerows(asdict(video) for video in videos)
    write_atomically(path, text.getvalue())


def read_store_log(path: Path) -> List[VideoLog]:
    """Read what :func:`write_store_log` has written."""
    with path.open(newline='', encoding='utf-8') as file:
        rows: List[Dict[str, Any]] = list(csv.DictReader(file))
    return [VideoLog(row.pop('video'), **{k: int(v) for k, v in row.items()}) for row in rows]


def add_up(name: str, videos: Sequence[VideoLog]) -> VideoLog:
    """The sums over several videos, under a name of their own."""
    counts = [each.name for each in fields(VideoLog) if each.name != 'video']
    return VideoLog(name, **{key: sum(getattr(log, key) for log in videos) for key in counts})


def _is_wrong(box_cxcywh: Sequence[float], truth_xyxy: Optional[np.ndarray]) -> bool:
    """True if a view shows something else; without a known truth it is not counted."""
    if truth_xyxy is None:
        return False
    truth = np.concatenate((truth_xyxy[:2], truth_xyxy[2:] - truth_xyxy[:2]))
    return not is_right(np.array([cxcywh_to_xywh(box_cxcywh)]), truth[None])[0]
