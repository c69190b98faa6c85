"""Deployed tracker of one target."""

import threading
import time
from functools import partial
from pathlib import Path
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from mmeatrack.deploy.folder import TEMPLATE, TRACK, TRACK_INT8, read_export
from mmeatrack.deploy.runtimes import Feed, load_graph
from mmeatrack.files.live_frames import read_ahead
from mmeatrack.multi import StatusKeeper, TrackResult
from mmeatrack.structures import CropWindow, check_target_box, image_box_to_crop
from mmeatrack.structures.boxes import Box, cxcywh_to_xywh, xywh_to_cxcywh
from mmeatrack.structures.checks import check_frame, check_size, image_size, warn_of_box
from mmeatrack.structures.conventions import CONVENTIONS
from mmeatrack.tracking import TrackerState, adapt, advance, begin, complete_settings, search_window


class TrackedFrame(NamedTuple):
    """Result of a deployed tracker for one frame.

    Attributes:
        box_xywh: x, y, w, h in image px.
        score: Confidence, 0 to 1.
        lost: Whether the target is lost.
    """

    box_xywh: Box
    score: float
    lost: bool


class DeployedTracker:
    """Tracker of one target that needs only NumPy, OpenCV and a runtime.

    Boxes, scores and losses are those of the tracker that was exported; Target Store, lost detector
    and calibrated score are the same code. It is also a :class:`mmeatrack.multi.Network`. A copy or
    a pickle, for another process, reads the folder again.

    Args:
        folder: Folder written by ``tools/export.py``.
        backend: 'onnxruntime' or 'openvino'.
        precision: 'fp32', 'bf16' or 'int8'. With 'int8' the templates, which are seldom encoded,
            are computed in float32.
        threads: Number of CPU threads.

    Raises:
        FileNotFoundError: If a file of the export is missing.
        ValueError: If the export is of another version or was changed, an argument is unknown, or
            the processor lacks the precision.
        ImportError: If the backend is not installed.

    Example:
        >>> from mmeatrack.deploy import DeployedTracker
        >>> from mmeatrack.files.frame_sources import open_frames
        >>> tracker = DeployedTracker('exported', backend='onnxruntime', threads=1)
        >>> frames = iter(open_frames('flight.mp4'))
        >>> tracker.init(next(frames), (70, 50, 20, 20))
        >>> for frame in frames:
        ...     (x, y, w, h), score, lost = tracker.track(frame)
    """

    def __init__(
        self,
        folder: Union[str, Path],
        backend: str = 'onnxruntime',
        precision: str = 'fp32',
        threads: int = 1,
    ) -> None:
        folder = Path(folder).absolute()
        self._arguments = folder, backend, precision, threads
        self._turn = threading.Lock()
        self.state: Optional[TrackerState] = None
        self.exported = read_export(folder)
        self.test_cfg = complete_settings(None, self.exported.test_cfg)[1]
        self._convention = CONVENTIONS[self.test_cfg['compat']]
        self._parts = self.exported.build_parts()
        name = TRACK_INT8 if precision == 'int8' else TRACK
        if name not in self.exported.sha256:
            raise FileNotFoundError(
                f'{folder} holds no {name}: export with tools/export.py --int8, or give '
                "precision='fp32'."
            )
        self.run_track = load_graph(folder / name, backend, precision, threads)
        template_precision = 'fp32' if precision == 'int8' else precision
        self._template = load_graph(folder / TEMPLATE, backend, template_precision, threads)

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), self._arguments, dict(state=self.state)

    def init(self, image: np.ndarray, bbox: Sequence[float]) -> None:
        """Start on a target x, y, w, h (image px) in a frame (H, W, 3), uint8, BGR.

        Raises:
            ValueError: If the frame is invalid, or the box is empty, not finite or outside it.
        """
        img = self.as_image(image)
        box = check_target_box(bbox, image_size(img))
        warn_of_box(box, image_size(img))
        self.state = self.start(img, xywh_to_cxcywh(box))

    def track(self, image: np.ndarray) -> TrackedFrame:
        """Track the target in the next frame (H, W, 3), uint8, BGR.

        Raises:
            ValueError: If the frame is invalid, or not of the first frame's size.
            RuntimeError: If there was no first frame.
        """
        if self.state is None:
            raise RuntimeError('the tracker has no target: call init on the first frame.')
        img, state, cfg = self.as_image(image), self.state, self.test_cfg
        check_size(image_size(img), state.image_size, 'the frame')
        state.frame += 1
        ((box, cues),) = self.locate(img, [search_window(state, cfg)], [state])
        score, lost = advance(state, box, cues, cfg)
        adapt(state, score, partial(self.cut_template, img), cfg)
        return TrackedFrame(cxcywh_to_xywh(state.box), score, lost)

    def follow(self, frames: Iterable[np.ndarray], bbox: Sequence[float]) -> Iterator[TrackResult]:
        """Yield results like :func:`mmeatrack.apis.track_frames`, decoding one frame ahead.

        Several videos may be followed at once, in threads too: each call keeps its own state.

        Frames (H, W, 3) are uint8, BGR, each an array of its own; the box in the first one is x, y,
        w, h in image px. Errors are those of :meth:`init` and :meth:`track`.
        """
        keeper: Optional[StatusKeeper] = None
        state: Optional[TrackerState] = None
        lost: Optional[bool] = None
        for frame in read_ahead(frames):
            with self._turn:
                started = time.perf_counter()
                if state is None:
                    self.init(frame, bbox)
                    x, y, w, h = map(float, bbox)
                    box, score = (x, y, w, h), -1.0
                else:
                    self.state = state
                    box, score, lost = self.track(frame)
                state = self.state
                seconds = time.perf_counter() - started
            assert state is not None
            if keeper is None:
                keeper = StatusKeeper(state.box)
                status = keeper.first(state.image_size)
            else:
                status = keeper.update(state.box, score, state.lost_detector, state.image_size)
            yield TrackResult(frame, box, score, seconds, lost, status)

    def as_image(self, frame: np.ndarray) -> np.ndarray:
        """Check a frame (H, W, 3), uint8, BGR, and return it."""
        check_frame(frame, 'the frame')
        return frame

    def start(self, img: np.ndarray, box: Box) -> TrackerState:
        """Return the state of a target; its checked box is centre and size in image px."""
        tokens, target_token = self._template(self._template_feed(img, box))
        return begin(tokens, target_token, box, image_size(img), self._parts, self.test_cfg)

    def cut_template(self, img: np.ndarray, box: Box) -> 'partial[np.ndarray]':
        """Cut the template crop around a box; the returned function encodes it to (1, Nz, C)."""
        return partial(self._encode, self._template_feed(img, box))

    def locate(
        self, img: np.ndarray, windows: Sequence[CropWindow], states: Sequence[TrackerState]
    ) -> List[Tuple[Box, List[float]]]:
        """Box (centre and size in image px), and peak, side lobe and agreement per window.

        Windows of states with equally many tokens make a batch; the states are not changed.
        """
        size = self.exported.search_size
        tokens = [_tokens(state) for state in states]
        counts = [each.shape[1] for each in tokens]
        values = np.empty((len(windows), 7), np.float32)
        for count in set(counts):
            chosen = [i for i, each in enumerate(counts) if each == count]
            feed = dict(
                crop=np.stack([self._convention.crop(img, windows[i], size) for i in chosen]),
                tokens=np.concatenate([tokens[i] for i in chosen]),
                target_token=np.concatenate([states[i].template_token for i in chosen]),
            )
            values[chosen] = self.run_track(feed)[0]
        boxes = [state.box for state in states]
        return self._convention.results_in_image(values.tolist(), windows, size, boxes)

    def _encode(self, feed: Feed) -> np.ndarray:
        return self._template(feed)[0]

    def _template_feed(self, img: np.ndarray, box: Box) -> Feed:
        size = self.exported.template_size
        window = CropWindow.around(box, self.test_cfg['template_factor'])
        feed = dict(crop=self._convention.crop(img, window, size)[None])
        if self.exported.reads_template_boxes:
            feed['box'] = np.array([image_box_to_crop(box, window, size)], np.float32)
        return feed


def _tokens(state: TrackerState) -> np.ndarray:
    """Template and temporal tokens (1, Nz + Nt, C) in use."""
    parts = [each for each in (state.active_template, state.temporal) if each is not None]
    return np.concatenate(parts, axis=1)
