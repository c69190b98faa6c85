"""Deployed tracker of one target."""

import time
from functools import partial
from typing import Iterable, Iterator, NamedTuple, Optional, Sequence, cast

import numpy as np

from mmeatrack.deploy.network import DeployedNetwork
from mmeatrack.files.live_frames import read_ahead
from mmeatrack.multi import StatusKeeper, TrackResult
from mmeatrack.structures.boxes import Box, cxcywh_to_xywh, xywh_to_cxcywh
from mmeatrack.structures.checks import check_size, check_target_box, image_size, warn_of_box
from mmeatrack.tracking import TrackerState, adapt, advance, search_window


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


class DeployedTracker(DeployedNetwork):
    """Tracker of one target that needs NumPy, OpenCV and a runtime alone.

    Boxes, scores and losses are those of the tracker that was exported; Target Store, lost detector
    and calibrated score are the same code. The arguments are those of :class:`DeployedNetwork`.

    Example:
        >>> from mmeatrack.deploy import DeployedTracker
        >>> from mmeatrack.files.frame_sources import open_frames
        >>> tracker = DeployedTracker('exported', backend='onnxruntime', threads=1)
        >>> frames = iter(open_frames('flight.mp4'))
        >>> tracker.init(next(frames), (70, 50, 20, 20))
        >>> for frame in frames:
        ...     (x, y, w, h), score, lost = tracker.track(frame)
    """

    state: Optional[TrackerState] = None

    def init(self, image: np.ndarray, bbox: Sequence[float]) -> None:
        """Start on a target x, y, w, h (image px) in a frame (H, W, 3), uint8, BGR.

        Raises:
            ValueError: If the frame is of another kind, or the box empty, not finite or outside it.
        """
        img = self.as_image(image)
        box = check_target_box(bbox, image_size(img))
        warn_of_box(box, image_size(img))
        self.state = self.start(img, xywh_to_cxcywh(box))

    def track(self, image: np.ndarray) -> TrackedFrame:
        """Follow the target into the next frame.

        Args:
            image: Frame (H, W, 3), uint8, BGR.

        Raises:
            ValueError: If the frame is of another kind, or has another size than the first.
            RuntimeError: If there was no first frame.
        """
        if self.state is None:
            raise RuntimeError('the tracker has no target: call init on the first frame.')
        img, state, cfg = self.as_image(image), self.state, self.test_cfg
        check_size(image_size(img), state.image_size, 'the frame')
        state.frame += 1
        window = search_window(state, cfg)
        box, cues = self.locate(img, [window], [state])[0]
        score, lost = advance(state, box, cues, cfg)
        adapt(state, score, partial(self.cut_template, img), cfg)
        return TrackedFrame(cxcywh_to_xywh(state.box), score, lost)

    def follow(self, frames: Iterable[np.ndarray], bbox: Sequence[float]) -> Iterator[TrackResult]:
        """Results as of :func:`mmeatrack.apis.track_frames`; the next frame is decoded meanwhile.

        Several may go on, in threads too: each remembers its own video.

        Frames (H, W, 3) are uint8, BGR, each an array of its own; the box in the first one is x, y,
        w, h in image px. Errors are those of :meth:`init` and :meth:`track`.
        """
        keeper: Optional[StatusKeeper] = None
        state: Optional[TrackerState] = None
        for frame in read_ahead(frames):
            if keeper is None or state is None:
                with self._turn:
                    started = time.perf_counter()
                    self.init(frame, bbox)
                    state = cast(TrackerState, self.state)
                keeper = StatusKeeper(state.box)
                x, y, w, h = map(float, bbox)
                seconds, status = time.perf_counter() - started, keeper.first(state.image_size)
                yield TrackResult(frame, (x, y, w, h), -1.0, seconds, None, status)
                continue
            with self._turn:
                started = time.perf_counter()
                self.state = state
                box, score, lost = self.track(frame)
                seconds = time.perf_counter() - started
            status = keeper.update(state.box, score, state.lost_detector, state.image_size)
            yield TrackResult(frame, box, score, seconds, lost, status)
