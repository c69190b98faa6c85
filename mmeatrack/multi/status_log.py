"""Status of all targets as JSON lines, one per frame."""

import json
import math
import os
from pathlib import Path
from typing import IO, Any, Dict, Mapping, Optional, Union

from mmeatrack.multi.status import Track, TrackResult, rounded


class StatusLog:
    """Context manager that writes a JSON line per frame, flushed at once for readers.

    ``{"frame": 7, "time": 0.28, "tracks": [{"id": 1, "box": [x, y, w, h], "score": 0.93, "lost":
    false, "state": "tracking", "frames": 7, "seconds": 0.28, "estimate": [x, y, w, h], "deviation":
    [cx, cy, w, h], "direction": [x, y]}]}``: the fields from ``state`` on are those of
    :class:`TrackStatus`, absent for a tracker without a lost detector. ``time`` and ``seconds``
    are null if the frame rate is unknown, ``score`` where the box was given.

    Args:
        path: The file, replaced when the first line is written.
        fps: Frames per second, above 0.
        first_frame: Number of the first frame.

    Raises:
        ValueError: If ``fps`` is not above 0 and finite.
    """

    def __init__(
        self, path: Union[str, Path], fps: Optional[float] = None, first_frame: int = 0
    ) -> None:
        if fps is not None and not 0 < fps < math.inf:
            raise ValueError(f'fps={fps}: give frames per second above 0, or None if not known.')
        self.path, self.fps = Path(path), fps
        self._frame = first_frame
        self._file: Optional[IO[str]] = None

    def __enter__(self) -> 'StatusLog':
        return self

    def __exit__(self, *error: Any) -> None:
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()

    def add(self, tracks: Mapping[int, Union[Track, TrackResult]]) -> None:
        """Write the next frame's line.

        Args:
            tracks: Results by id; empty in a frame without targets.

        Raises:
            ValueError: If a number is not finite, which JSON cannot hold. Nothing is written.
        """
        record = dict(
            frame=self._frame,
            time=None if self.fps is None else round(self._frame / self.fps, 4),
            tracks=[self._record(key, track) for key, track in tracks.items()],
        )
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open('w', encoding='utf-8')
        self._file.write(json.dumps(record, allow_nan=False) + '\n')
        self._file.flush()
        self._frame += 1

    def _record(self, key: int, track: Union[Track, TrackResult]) -> Dict[str, Any]:
        box, score, status = track.box_xywh, float(track.score), track.status
        moving = () if status is None else (*status.box_xywh, *status.deviation, *status.direction)
        if not all(map(math.isfinite, (*box, score, *moving))):
            raise ValueError(
                f'frame {self._frame}, id {key}: box {box}, score {score} or status {status} is '
                'not finite. Are the weights of the tracker, or its input, damaged?'
            )
        return dict(
            id=int(key),
            box=rounded(box, 4),
            score=None if score < 0 else round(score, 4),
            lost=None if track.lost is None else bool(track.lost),
            **({} if status is None else status.as_record(self.fps)),
        )
