"""Frames fetched in threads; the capture is scripted."""

import threading
from typing import Iterator, List

import numpy as np
import pytest

from mmeatrack.files import live_frames as module
from mmeatrack.files.frame_sources import open_frames
from mmeatrack.files.live_frames import live_frames, read_ahead


def frame(value: int, width: int = 8) -> np.ndarray:
    return np.full((6, width, 3), value, np.uint8)


class Capture:
    """Gives the frames of a list; None is a miss, text waits for ``go``."""

    def __init__(self, frames: list) -> None:
        self.frames = list(frames)
        self.go = threading.Semaphore(0)
        self.passed = threading.Event()
        self.released = False

    def read(self):
        if not self.frames:
            self.passed.set()
            return False, None
        found = self.frames.pop(0)
        if isinstance(found, str):
            self.passed.set()
            self.go.acquire()
            return self.read()
        return found is not None, found

    def release(self) -> None:
        self.released = True

    def isOpened(self) -> bool:  # noqa: N802 OpenCV's name
        return True

    def get(self, _: int) -> float:
        return 25.0


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(module, '_MISSES', 3)
    monkeypatch.setattr(module, '_PAUSE_SECONDS', 0.0)


def test_only_the_newest_frame_is_kept() -> None:
    capture = Capture([frame(1), 'wait', frame(2), frame(3), None, frame(4), 'wait'])
    frames = live_frames(capture, 'camera 0')
    assert next(frames)[0, 0, 0] == 1
    assert capture.passed.wait(5)
    capture.passed.clear()
    capture.go.release()
    assert capture.passed.wait(5)
    assert next(frames)[0, 0, 0] == 4
    capture.go.release()
    with pytest.raises(ValueError, match='camera 0: gives no more frames'):
        next(frames)
    assert capture.released


def test_frame_of_another_size_is_resized_and_the_thread_ends_with_the_iterator() -> None:
    capture = Capture([frame(1), 'wait', frame(2, width=16), 'wait', frame(3)])
    frames = live_frames(capture, 'camera 0')
    assert next(frames).shape == (6, 8, 3)
    capture.go.release()
    assert next(frames).shape == (6, 8, 3)
    capture.go.release()
    frames.close()
    assert capture.released
    assert not any(thread.name.startswith('live') for thread in threading.enumerate())


@pytest.mark.filterwarnings('ignore::pytest.PytestUnhandledThreadExceptionWarning')
def test_frames_end_if_the_capture_fails(monkeypatch) -> None:
    capture = Capture([frame(1), 'fail'])
    monkeypatch.setattr(capture.go, 'acquire', lambda: 1 / 0)
    frames = live_frames(capture, 'camera 0')
    with pytest.raises(ValueError, match='camera 0: gives no more frames'):
        list(frames)
    assert capture.released


def test_live_is_for_cameras_and_streams(tmp_path, monkeypatch) -> None:
    (tmp_path / 'a.png').write_bytes(b'')
    with pytest.raises(ValueError, match='cameras and streams'):
        open_frames(tmp_path, live=True)
    monkeypatch.setattr('cv2.VideoCapture', lambda source: Capture([frame(7)]))
    source = open_frames('rtsp://user:secret@host/one', live=True)
    assert (source.name, source.fps) == ('stream', 25.0)
    assert next(iter(source))[0, 0, 0] == 7
    with pytest.raises(ValueError, match='stream: gives no more frames'):
        next(iter(source))


@pytest.mark.parametrize('rate', [0.0, -1.0, float('nan'), float('inf')])
def test_invalid_rate_is_unknown(monkeypatch, rate: float) -> None:
    monkeypatch.setattr(Capture, 'get', lambda self, key: rate)
    monkeypatch.setattr('cv2.VideoCapture', lambda source: Capture([frame(7)]))
    assert open_frames('rtsp://host/one').fps is None


def test_next_item_is_fetched_while_this_one_is_used() -> None:
    fetched = [threading.Event() for _ in range(4)]

    def source() -> Iterator[int]:
        for number, event in enumerate(fetched):
            event.set()
            yield number

    found: List[int] = []
    for item in read_ahead(source()):
        found.append(item)
        following = fetched[item + 1 : item + 2]
        assert all(event.wait(10) for event in following)
        assert not any(event.is_set() for event in fetched[item + 2 :])
    assert found == [0, 1, 2, 3]


def test_error_of_a_source_is_raised_in_its_turn() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ValueError('damaged')

    items = read_ahead(source())
    assert next(items) == 1
    with pytest.raises(ValueError, match='damaged'):
        next(items)


def test_closing_the_iterator_early_ends_the_thread() -> None:
    before = threading.active_count()
    items = read_ahead(iter(range(100)))
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
