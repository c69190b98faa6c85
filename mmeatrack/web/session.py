"""A person's work on the page: a clip, the boxes drawn in it, their tracks and result files."""

import math
import secrets
import shutil
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

import numpy as np

from mmeatrack.files.image_file import read_image
from mmeatrack.multi import MultiTracker, StatusKeeper, Track, TrackRules
from mmeatrack.structures import check_target_box
from mmeatrack.structures.boxes import Box, xywh_to_cxcywh
from mmeatrack.visualization import LabelledBox
from mmeatrack.web.clips import Clip


class Mark(NamedTuple):
    """A drawn box: x, y, w, h in image px, and the id of its target."""

    id: int
    box: Box


class Session:
    """Work of one person.

    Args:
        folder: Its own folder, made here; :meth:`close` removes it.

    Attributes:
        token: Secret name of its files in addresses.
        clip: The clip, None before one is chosen.
        tracks: Tracks by id, by number of the frame.
        lock: Held while a frame is tracked or results are written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.token = secrets.token_urlsafe(24)
        self.lock = threading.Lock()
        self.seen = time.monotonic()
        self.is_closed = False
        self.clip: Optional[Clip] = None
        self.marks: Dict[int, List[Mark]] = {}
        self._stop = threading.Event()
        self._tracker: Optional[MultiTracker] = None
        self._at = -1
        self.clear()

    def new_folder(self) -> Path:
        """Name of a new folder for the frames of an upload."""
        return self.folder / secrets.token_hex(4)

    def clear(self) -> None:
        """Forget all boxes and tracks; the clip stays."""
        self.marks = {}
        self._rewind()

    def open(self, clip: Clip) -> None:
        """Work on another clip."""
        with self.lock:
            old, self.clip = self.clip, clip
            self.clear()
        if old is not None and self.folder in old.frames[0].parents:
            shutil.rmtree(old.frames[0].parent)

    @property
    def ids(self) -> List[int]:
        """Ids of all targets, in the order in which they were drawn first."""
        return sorted({mark.id for marks in self.marks.values() for mark in marks})

    @property
    def frames(self) -> List[Path]:
        """Image files of the clip; none before one is chosen."""
        return [] if self.clip is None else self.clip.frames

    @property
    def position(self) -> int:
        """Number of the last frame that was tracked; -1 before the first one."""
        return self._at

    def image(self, number: int) -> np.ndarray:
        """Frame (H, W, 3), uint8, BGR."""
        return read_image(self._opened().frames[number])

    def mark(self, number: int, box: Sequence[float], id: Optional[int] = None) -> int:
        """Draw a target, or a new view of one.

        A box in a frame before the last one tracked takes all tracks back, and ends a run.

        Args:
            number: Frame.
            box: x, y, w, h in image px.
            id: The target whose template is renewed; by default a new one.

        Returns:
            The target's id.

        Raises:
            ValueError: If the box is empty or outside the frame, the target is not known there, or
                it has a box in this frame. Nothing is changed then.
        """
        with self.lock:
            height, width = self.image(number).shape[:2]
            mark = Mark(max(self.ids, default=0) + 1 if id is None else id, (0.0, 0.0, 0.0, 0.0))
            mark = mark._replace(box=check_target_box(box, (width, height)))
            earlier = [at for at, marks in self.marks.items() if mark.id in _ids(marks)]
            if id is not None and not any(at < number for at in earlier):
                raise ValueError(f'Target {id} is not there before frame {number}. Draw a new one.')
            if number in earlier:
                raise ValueError(f'Target {mark.id} has a box in this frame. Clear them first.')
            self.marks.setdefault(number, []).append(mark)
            if number < self._at:
                self._rewind()
            else:
                self._pending.setdefault(number, []).append(mark)
            return mark.id

    def run(self, model: Any) -> Iterator[int]:
        """Track all targets from the first box, or from where it was paused, to the end.

        Args:
            model: See :class:`MultiTracker`.

        Yields:
            The number of each frame when its tracks are there.

        Raises:
            ValueError: If there is no clip or no box.
        """
        with self.lock:
            count = len(self._opened().frames)
            if not self.marks:
                raise ValueError('Draw a box around a target first.')
            if self._at == count - 1 and self._at not in self._pending:
                self._rewind()
            if self._tracker is None:
                self._tracker = MultiTracker(model, TrackRules(remove_after=None))
            tracker, first = self._tracker, max(self._at, min(self.marks))
            self._stop.clear()
        for number in range(first, count):
            with self.lock:
                if self._stop.is_set() or self.is_closed or self._tracker is not tracker:
                    return
                self._step(tracker, number)
            yield number

    def pause(self) -> None:
        """End a run after its present frame."""
        self._stop.set()

    def labelled_boxes(self, number: int) -> List[LabelledBox]:
        """Boxes of all targets in a frame: tracks, or drawn boxes that wait to be tracked."""
        tracks = self.tracks.get(number, {})
        drawn = {mark.id: mark.box for mark in self.marks.get(number, [])}
        return [
            LabelledBox.of_tracker(
                f'target {key}',
                key - 1,
                tracks[key].box_xywh if key in tracks else drawn.get(key),
                tracks[key].score if key in tracks else math.nan,
                tracks[key].lost if key in tracks else None,
            )
            for key in self.ids
        ]

    def close(self) -> None:
        """End a run and remove the folder."""
        self.is_closed = True
        self._stop.set()
        with self.lock:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _step(self, tracker: MultiTracker, number: int) -> None:
        image = self.image(number)
        if number > self._at:
            self.tracks[number] = {track.id: track for track in tracker.track(image)}
            self._at = number
        for mark in self._pending.pop(number, []):
            if mark.id in tracker.ids:
                tracker.refresh_template(image, mark.box, mark.id)
            else:
                tracker.add(image, mark.box, mark.id)
            self.tracks[number][mark.id] = _given(mark, image)

    def _rewind(self) -> None:
        self.tracks: Dict[int, Dict[int, Track]] = {}
        self._pending = {number: list(marks) for number, marks in self.marks.items()}
        self._tracker, self._at = None, -1

    def _opened(self) -> Clip:
        if self.clip is None:
            raise ValueError('Choose a sample or upload a video first.')
        return self.clip


class Sessions:
    """All sessions of the page, by the hash that the browser's tab has.

    Args:
        folder: Their folder.
        most: Sessions at a time.
        idle_seconds: A session that does nothing for so long ends.
    """

    def __init__(self, folder: Path, most: int = 16, idle_seconds: float = 1800.0) -> None:
        self.folder, self.most, self.idle_seconds = folder, most, idle_seconds
        self._sessions: Dict[str, Session] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> Session:
        """Session of a tab; begun if it is new.

        Raises:
            ValueError: If there are too many.
        """
        self.close_idle()
        with self._lock:
            if key not in self._sessions:
                if len(self._sessions) >= self.most:
                    raise ValueError(f'{self.most} people are at work here. Try again later.')
                self._sessions[key] = Session(self.folder / secrets.token_hex(8))
            session = self._sessions[key]
            session.seen = time.monotonic()
            return session

    def by_token(self, token: str) -> Optional[Session]:
        """Session whose files have this token in their addresses."""
        with self._lock:
            sessions = list(self._sessions.values())
        found = [
            each for each in sessions if secrets.compare_digest(each.token.encode(), token.encode())
        ]
        return found[0] if found else None

    def close(self, key: str) -> None:
        """End a session: its tab was closed or loaded anew."""
        with self._lock:
            session = self._sessions.pop(key, None)
        if session is not None:
            session.close()

    def close_all(self) -> None:
        """End all sessions."""
        for key in list(self._sessions):
            self.close(key)

    def close_idle(self) -> None:
        """End the sessions that did nothing for too long."""
        now = time.monotonic()
        with self._lock:
            old = [k for k, each in self._sessions.items() if now - each.seen > self.idle_seconds]
        for key in old:
            self.close(key)


def _ids(marks: Sequence[Mark]) -> List[int]:
    return [mark.id for mark in marks]


def _given(mark: Mark, image: np.ndarray) -> Track:
    keeper = StatusKeeper(xywh_to_cxcywh(mark.box))
    status = keeper.first((image.shape[1], image.shape[0]))
    return Track(mark.id, mark.box, -1.0, False, status)
