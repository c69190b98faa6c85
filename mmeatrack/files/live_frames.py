"""Frames fetched in a thread: the next one read ahead, or the newest of a camera or a stream."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterable, Iterator, Optional, TypeVar

import cv2
import numpy as np

from mmeatrack.log import warn

# A capture that gives no frame this often in a row has stopped.
_MISSES, _PAUSE_SECONDS = 50, 0.02


def live_frames(capture: Any, name: str) -> Iterator[np.ndarray]:
    """Yield the newest frame of an open ``cv2.VideoCapture`` each time; older ones are not queued.

    Single frames that do not come are waited for. Frames of another size than the first are
    resized to it, so that a camera that changes its resolution is followed on. The capture is
    released at the end. ValueError if it gives no more frames.
    """
    newest = _Newest(capture)
    thread = threading.Thread(target=newest.read_on, name=f'live {name}', daemon=True)
    thread.start()
    size = None
    try:
        while True:
            frame = newest.take()
            if frame is None:
                raise ValueError(f'{name}: gives no more frames. Was it unplugged or stopped?')
            now = (frame.shape[1], frame.shape[0])
            if size is not None and now != size:
                sizes = f'{now[0]}x{now[1]} px after {size[0]}x{size[1]}'
                warn(f'{name}: {sizes}; the frame is resized.')
                frame = cv2.resize(frame, size)
            size = size or now
            yield frame
    finally:
        newest.close()
        thread.join()
        capture.release()


class _Newest:
    """Newest frame of a capture, between the thread that reads and the one that takes."""

    def __init__(self, capture: Any) -> None:
        self._capture = capture
        self._changed = threading.Condition()
        self._frame: Optional[np.ndarray] = None
        self._has_ended = False

    def read_on(self) -> None:
        """Read until the capture stops or :meth:`close` is called."""
        misses = 0
        while misses < _MISSES and not self._has_ended:
            try:
                is_read, frame = self._capture.read()
            except cv2.error:
                is_read, frame = False, None
            if not is_read:
                misses += 1
                time.sleep(_PAUSE_SECONDS)
                continue
            misses = 0
            with self._changed:
                self._frame = frame
                self._changed.notify()
        self.close()

    def take(self) -> Optional[np.ndarray]:
        """Newest frame that was not taken yet, waited for; None after the last one."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._has_ended)
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        """End the reading and the waiting."""
        with self._changed:
            self._has_ended = True
            self._changed.notify()


Item = TypeVar('Item')
_END = object()


def read_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The items in their order, each fetched in a thread while its predecessor is used.

    An error of fetching is raised in the item's turn. The source is closed with the iterator.

    Example:
        >>> list(read_ahead(range(3)))
        [0, 1, 2]
    """
    iterator = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, _END)
        while True:
            item = coming.result()
            if item is _END:
                return
            coming = pool.submit(next, iterator, _END)
            yield item  # type: ignore[misc]
