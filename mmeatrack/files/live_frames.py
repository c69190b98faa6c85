"""Frames fetched in a thread: the next one read ahead, or the newest of a camera or a stream."""

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
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
    newest: queue.Queue[Optional[np.ndarray]] = queue.Queue(1)
    stop = threading.Event()
    reading = partial(_keep_newest, capture, newest, stop)
    thread = threading.Thread(target=reading, name=f'live {name}', daemon=True)
    thread.start()
    size = None
    try:
        while True:
            frame = newest.get()
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
        stop.set()
        while thread.is_alive():
            with suppress(queue.Empty):  # the thread may be waiting to put the end
                newest.get(timeout=_PAUSE_SECONDS)
        capture.release()


def _keep_newest(capture: Any, newest: 'queue.Queue', stop: threading.Event) -> None:
    """Read until the capture stops, replacing a frame that has not been taken; None is the end."""
    misses = 0
    try:
        while misses < _MISSES and not stop.is_set():
            try:
                is_read, frame = capture.read()
            except cv2.error:
                is_read = False
            if is_read:
                misses = 0
                with suppress(queue.Empty):
                    newest.get_nowait()
                newest.put(frame)
            else:
                misses += 1
                time.sleep(_PAUSE_SECONDS)
    finally:  # whatever the capture raises, nobody waits for its frames forever
        newest.put(None)
