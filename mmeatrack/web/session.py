"""A visitor's work on the page: a clip, the boxes drawn in it, their tracks and result files."""

import math
import secrets
import shutil
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from mmeatrack.files.image_file import read_image
from mmeatrack.multi import MultiTracker, StatusKeeper, Track, TrackRules
from mmeatrack.structures import check_target_box
from mmeatrack.structures.boxes import Box, xywh_to_cxcywh
from mmeatrack.structures.checks import image_size
from mmeatrack.visualization import LabelledBox
from mmeatrack.web.clips import Clip


class Session:
    """Work of one visitor, in a new folder that :meth:`close` removes.

    Attributes:
        token: Secret in the addresses of its files.
        clip: The clip, without frames before one is chosen.
        marks, tracks: Drawn boxes x, y, w, h in image px and tracks, by frame number and target id.
        position: Number of the last tracked frame; -1 before the first one.
        lock: Held while a frame is tracked or results are written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.token = secrets.token_urlsafe(24)
        self.lock = threading.Lock()
        self.seen = time.monotonic()
        self.is_closed = False
        self.clip = Clip('', [], 1.0)
        self.position = -1
        self._tracker: Optional[MultiTracker] = None
        self._stop = threading.Event()
        self.clear()

    def clear(self) -> None:
        """Delete all boxes and tracks; the clip stays."""
        self.marks: Dict[int, Dict[int, Box]] = {}
        self._rewind()

    def open(self, clip: Clip) -> None:
        """Switch to another clip."""
        with self.lock:
            old, self.clip = self.clip, clip
            self.clear()
        if old.frames and self.folder in old.frames[0].parents:
            shutil.rmtree(old.frames[0].parent)

    @property
    def ids(self) -> List[int]:
        """Ids of all targets, in the order in which they were first drawn."""
        return sorted(set().union(*self.marks.values()))

    def image(self, number: int) -> np.ndarray:
        """Read a frame (H, W, 3), uint8, BGR; ValueError before a clip is chosen."""
        if not self.clip.frames:
            raise ValueError('Choose a sample or upload a video first.')
        return read_image(self.clip.frames[number])

    def mark(self, number: int, box: Sequence[float], id: Optional[int] = None) -> int:
        """Draw a box x, y, w, h (image px) of a new target, or a new view of one; return its id.

        A box in a frame before the last tracked one discards all tracks and ends a run.

        Raises:
            ValueError: If the box is empty or outside the frame, or the target is not known there
                or already has a box in this frame. Nothing is changed then.
        """
        with self.lock:
            checked = check_target_box(box, image_size(self.image(number)))
            key = max(self.ids, default=0) + 1 if id is None else id
            earlier = [at for at, boxes in self.marks.items() if key in boxes]
            if id is not None and min(earlier, default=number) >= number:
                raise ValueError(f'Target {id} is not there before frame {number}. Draw a new one.')
            if number in earlier:
                raise ValueError(f'Target {id} already has a box in this frame. Clear boxes first.')
            self.marks.setdefault(number, {})[key] = checked
            if number < self.position:
                self._rewind()
            else:
                self._pending.setdefault(number, {})[key] = checked
            return key

    def run(self, model: Any) -> Iterator[int]:
        """Track all targets to the end, from the first box or from where a run was paused.

        Yields the number of each frame once its tracks are there. ValueError if there is no box.
        For ``model`` see :class:`MultiTracker`.
        """
        with self.lock:
            count = len(self.clip.frames)
            if not self.marks:
                raise ValueError('Choose a video and draw a box around a target first.')
            if self.position == count - 1 and self.position not in self._pending:
                self._rewind()
            if self._tracker is None:
                self._tracker = MultiTracker(model, TrackRules(remove_after=None))
            tracker, first = self._tracker, max(self.position, min(self.marks))
            self._stop.clear()
        for number in range(first, count):
            with self.lock:
                if self._stop.is_set() or self.is_closed or self._tracker is not tracker:
                    return
                self._step(tracker, number)
            yield number

    def pause(self) -> None:
        """End a run after its current frame."""
        self._stop.set()

    def labelled_boxes(self, number: int) -> List[LabelledBox]:
        """Return the boxes of all targets in a frame: tracks, or drawn boxes yet to be tracked."""
        tracks, drawn = self.tracks.get(number, {}), self.marks.get(number, {})
        boxes = []
        for key in self.ids:
            shown: Tuple[Optional[Box], float, Optional[bool]] = drawn.get(key), math.nan, None
            if key in tracks:
                shown = tracks[key][1:4]
            boxes.append(LabelledBox.of_tracker(f'target {key}', key - 1, *shown))
        return boxes

    def close(self) -> None:
        """End a run and remove the folder."""
        self.is_closed = True
        self._stop.set()
        with self.lock:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _step(self, tracker: MultiTracker, number: int) -> None:
        image = self.image(number)
        if number > self.position:
            self.tracks[number] = {track.id: track for track in tracker.track(image)}
            self.position = number
        for key, box in self._pending.pop(number, {}).items():
            start = tracker.refresh_template if key in tracker.ids else tracker.add
            start(image, box, key)
            status = StatusKeeper(xywh_to_cxcywh(box)).first(image_size(image))
            self.tracks[number][key] = Track(key, box, -1.0, False, status)

    def _rewind(self) -> None:
        self.tracks: Dict[int, Dict[int, Track]] = {}
        self._pending = {number: dict(boxes) for number, boxes in self.marks.items()}
        self._tracker, self.position = None, -1


class Sessions:
    """All sessions of the page, by the hash of the browser's tab.

    There are at most ``most`` at a time; each ends after ``idle_seconds`` without an action.
    """

    def __init__(self, folder: Path, most: int = 16, idle_seconds: float = 1800.0) -> None:
        self.folder, self.most, self.idle_seconds = folder, most, idle_seconds
        self._sessions: Dict[str, Session] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> Session:
        """Return the session of a tab, started if it is new; ValueError if there are too many."""
        self.close_idle()
        with self._lock:
            if key not in self._sessions:
                if len(self._sessions) >= self.most:
                    raise ValueError(f'There are already {self.most} visitors. Try again later.')
                self._sessions[key] = Session(self.folder / secrets.token_hex(8))
            session = self._sessions[key]
            session.seen = time.monotonic()
            return session

    def by_token(self, token: str) -> Optional[Session]:
        """Return the session with this token, None if there is none."""
        with self._lock:
            sessions = list(self._sessions.values())
        given = token.encode()
        return next((s for s in sessions if secrets.compare_digest(s.token.encode(), given)), None)

    def close(self, *keys: str) -> None:
        """End sessions whose tabs were closed or reloaded."""
        with self._lock:
            ended = [self._sessions.pop(key) for key in keys if key in self._sessions]
        for session in ended:
            session.close()

    def close_all(self) -> None:
        """End all sessions."""
        self.close(*self._sessions)

    def close_idle(self) -> None:
        """End the sessions that have been idle for too long."""
        oldest = time.monotonic() - self.idle_seconds
        with self._lock:
            old = [key for key, session in self._sessions.items() if session.seen < oldest]
        self.close(*old)
