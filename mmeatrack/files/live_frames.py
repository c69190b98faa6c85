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
_END: Any = object()

Item = TypeVar('Item')


def read_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items in order, fetching each in a thread while its predecessor is used.

    An error on fetching is raised in the item's turn. The thread ends with the iterator.

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
            yield item


def live_frames(capture: Any, name: str) -> Iterator[np.ndarray]:
    """Yield the newest frame of an open ``cv2.VideoCapture`` each time; older ones are not queued.

    Single missing frames are waited for. A frame of another size than the first is resized to it,
    so that a camera may change its resolution. The capture is released at the end. ValueError if it
    gives no more frames.
    """
    newest = _NewestFrame(capture, name)
    newest.start()
    size = None
    try:
        while True:
            frame = newest.take()
            if frame is None:
                raise ValueError(f'{name}: gives no more frames. Was it unplugged or stopped?')
            now = (frame.shape[1], frame.shape[0])
            size = size or now
            if now != size:
                sizes = f'{now[0]}x{now[1]} px after {size[0]}x{size[1]}'
                warn(f'{name}: {sizes}; the frame is resized.')
                frame = cv2.resize(frame, size)
            yield frame
    finally:
        newest.close()
        newest.join()
        capture.release()


class _NewestFrame(threading.Thread):
    """Thread that reads a capture and keeps its newest frame."""

    def __init__(self, capture: Any, name: str) -> None:
        super().__init__(name=f'live {name}', daemon=True)
        self._capture = capture
        self._changed = threading.Condition()
        self._frame: Optional[np.ndarray] = None
        self._has_ended = False

    def run(self) -> None:
        """Read until the capture stops or :meth:`close` is called."""
        misses = 0
        while misses < _MISSES and not self._has_ended:
            try:
                is_read, frame = self._capture.read()
            except cv2.error:
                is_read = False
            if is_read:
                misses = 0
                with self._changed:
                    self._frame = frame
                    self._changed.notify()
            else:
                misses += 1
                time.sleep(_PAUSE_SECONDS)
        self.close()

    def take(self) -> Optional[np.ndarray]:
        """Wait for a frame that has not been taken; None after the last one."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._has_ended)
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        """End the reading and the waiting."""
        with self._changed:
            self._has_ended = True
            self._changed.notify()
