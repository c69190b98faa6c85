"""Sessions: drawn boxes, paused and resumed runs, results, visitors who leave."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List

import cv2
import numpy as np
import pytest

from mmeatrack.multi import StatusKeeper, Track
from mmeatrack.web import session as module
from mmeatrack.web.clips import Clip
from mmeatrack.web.results import scores_by_target, write_results
from mmeatrack.web.session import Session, Sessions

BOX = (10.0, 10.0, 8.0, 8.0)


class Still:
    """Tracker that leaves each box where it was given, and records its calls."""

    calls: List[tuple] = []

    def __init__(self, model: Any, rules: Any) -> None:
        self.boxes: dict = {}

    @property
    def ids(self) -> List[int]:
        return list(self.boxes)

    def add(self, image: np.ndarray, bbox: Any, id: int) -> None:
        self.calls.append(('add', int(image.mean().round()), id))
        self.boxes[id] = bbox

    def refresh_template(self, image: np.ndarray, bbox: Any, id: int) -> None:
        self.calls.append(('refresh', int(image.mean().round()), id))
        self.boxes[id] = bbox

    def track(self, image: np.ndarray) -> List[Track]:
        status = StatusKeeper((14.0, 14.0, 8.0, 8.0)).first((64, 48))
        return [Track(key, box, 0.5, False, status) for key, box in self.boxes.items()]


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Six frames of 64x48 px whose grey value is their number."""
    monkeypatch.setattr(module, 'MultiTracker', Still)
    monkeypatch.setattr(Still, 'calls', [])
    frames = []
    for number in range(6):
        frames.append(tmp_path / f'{number}.png')
        cv2.imwrite(str(frames[-1]), np.full((48, 64, 3), number, np.uint8))
    made = Session(tmp_path / 'session')
    made.open(Clip('clip', frames, 12.0))
    return made


def test_boxes_in_later_frames_add_or_refresh_a_target(session: Session) -> None:
    assert session.mark(1, BOX) == 1
    assert session.mark(3, (30, 20, 8, 8)) == 2
    assert session.mark(4, (12, 10, 8, 8), id=1) == 1
    assert list(session.run(None)) == [1, 2, 3, 4, 5]
    assert Still.calls == [('add', 1, 1), ('add', 3, 2), ('refresh', 4, 1)]
    assert {n: sorted(tracks) for n, tracks in session.tracks.items()} == {
        1: [1], 2: [1], 3: [1, 2], 4: [1, 2], 5: [1, 2]
    }  # fmt: skip
    assert session.tracks[5][1].box_xywh == (12, 10, 8, 8)
    assert scores_by_target(session) == {1: [(2, 0.5), (3, 0.5), (5, 0.5)], 2: [(4, 0.5), (5, 0.5)]}


def test_paused_run_resumes_and_an_earlier_box_restarts_it(session: Session) -> None:
    session.mark(0, BOX)
    run = session.run(None)
    assert [next(run), next(run), next(run)] == [0, 1, 2]
    session.pause()
    assert list(run) == []
    session.mark(2, (30, 20, 8, 8))  # in the frame at which it was paused
    assert list(session.run(None)) == [2, 3, 4, 5]
    assert Still.calls == [('add', 0, 1), ('add', 2, 2)]

    session.mark(1, (40, 20, 8, 8))
    assert session.tracks == {}
    assert list(session.run(None)) == [0, 1, 2, 3, 4, 5]
    assert Still.calls[2:] == [('add', 0, 1), ('add', 1, 3), ('add', 2, 2)]


def test_invalid_boxes_are_refused_and_other_targets_continue(session: Session) -> None:
    session.mark(0, BOX)
    for box in [(70, 10, 8, 8), (10, 10, 0, 8), (float('nan'), 10, 8, 8)]:
        with pytest.raises(ValueError, match='target box'):
            session.mark(0, box)
    with pytest.raises(ValueError, match='Target 3 is not there'):
        session.mark(2, BOX, id=3)
    with pytest.raises(ValueError, match='Target 1 already has a box in this frame'):
        session.mark(2, BOX, id=1), session.mark(2, BOX, id=1)
    assert (session.ids, len(list(session.run(None)))) == ([1], 6)


def test_results_are_a_video_rows_and_status(session: Session) -> None:
    session.mark(1, BOX)
    list(session.run(None))
    video, text, status = write_results(session)
    rows = np.loadtxt(text, delimiter=',')
    np.testing.assert_allclose(rows[:, 0], [2, 3, 4, 5, 6])
    np.testing.assert_allclose(rows[:, 1:7], [[1, *BOX, 1.0]] + [[1, *BOX, 0.5]] * 4)
    lines = [json.loads(line) for line in status.read_text().splitlines()]
    assert [line['frame'] for line in lines] == [1, 2, 3, 4, 5]
    assert cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert sorted(path.name for path in session.folder.iterdir()) == sorted(
        path.name for path in (video, text, status)
    )


def test_visitor_who_leaves_ends_the_run_and_leaves_no_file(session: Session) -> None:
    session.mark(0, BOX)
    run = session.run(None)
    next(run)
    session.close()
    assert list(run) == []
    with pytest.raises(ValueError, match='Nothing was tracked'):
        write_results(session)
    assert not session.folder.exists()


@pytest.mark.slow
def test_run_whose_boxes_are_cleared_ends_without_an_error(
    session: Session, tmp_path: Path
) -> None:
    pytest.importorskip('gradio', reason='needs pip install mmeatrack[web]')
    from mmeatrack.web.page import Page, UploadLimits

    session.mark(0, BOX)
    sessions: Any = SimpleNamespace(get=lambda key: session)
    page = Page(None, sessions, tmp_path, tmp_path, UploadLimits())
    request: Any = SimpleNamespace(session_hash='tab')
    run = page.track(0, request)
    next(run)
    page.clear(0, request)
    assert list(run) == []


def test_sessions_are_limited_have_tokens_and_end_when_idle(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path, most=2, idle_seconds=1e6)
    first, second = sessions.get('a'), sessions.get('b')
    assert sessions.get('a') is first
    with pytest.raises(ValueError, match='Choose a sample'):
        first.mark(0, BOX)
    with pytest.raises(ValueError, match='Choose a video'):
        next(first.run(None))
    assert sessions.by_token(second.token) is second
    assert sessions.by_token('x') is None
    with pytest.raises(ValueError, match='already 2 visitors'):
        sessions.get('c')
    first.seen -= 2e6
    assert sessions.get('c').folder.is_dir()
    assert not first.folder.exists()
    sessions.close('b')
    sessions.close_all()
    assert list(tmp_path.iterdir()) == []
