"""Results of a running tracker, written as they come: annotated video and text."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, List, Optional, Type, Union

import numpy as np

from mmeatrack.apis.inference import TrackResult
from mmeatrack.files.frame_sources import FrameSource
from mmeatrack.structures.boxes import Box
from mmeatrack.visualization.annotated_frame import draw_frame
from mmeatrack.visualization.frame_header import FrameHeader
from mmeatrack.visualization.tracking_video import ground_truth_box, tracker_box
from mmeatrack.visualization.video_sink import VideoSink

DEFAULT_FPS = 30.0


class TrackRecorder:
    """Writes the results of a tracker in a ``with`` block.

    The text file holds ``x,y,w,h,score,lost`` a line, the first five of four decimals and the last
    1 or 0, and is up to date after each frame. The video is finished at the block's end, also where
    an exception ends it. Without a result nothing is written, and what is there from another run
    stays.

    Args:
        video_path: ``.mp4`` or ``.avi``; the text file lies beside it and ends in ``.txt``.
        source: Where the frames come from.
        ground_truth: Boxes (N, 4) of all frames of the source, x, y, w, h in image px, NaN where
            the target is absent; they are drawn.
        label: Name of the tracker.
        fps: Frames per second of the video; by default the source's, or 30.

    Attributes:
        boxes: Box of each frame so far, x, y, w, h in image px.
        scores: Score of each; -1 for the first.
        lost: Whether the tracker said in each that it does not see the target.
        seconds: Time that the tracker took for each.
    """

    def __init__(
        self,
        video_path: Union[str, Path],
        source: FrameSource,
        ground_truth: Optional[np.ndarray] = None,
        label: str = 'EATrack',
        fps: Optional[float] = None,
    ) -> None:
        self.video_path = Path(video_path)
        self.text_path = self.video_path.with_suffix('.txt')
        self.source, self.ground_truth = source, ground_truth
        self.label = label
        self.fps = fps or source.fps or DEFAULT_FPS
        self.boxes: List[Box] = []
        self.scores: List[float] = []
        self.lost: List[bool] = []
        self.seconds: List[float] = []
        self._stack = ExitStack()
        self._video: Optional[VideoSink] = None
        self._text: Optional[IO[str]] = None

    def __enter__(self) -> 'TrackRecorder':
        return self

    def __exit__(
        self,
        exc_type: Optional[Type[BaseException]],
        exc: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._stack.__exit__(exc_type, exc, traceback)

    def add(self, result: TrackResult) -> np.ndarray:
        """Write the result of the next frame.

        Returns:
            The annotated frame (H, W, 3), uint8, BGR.

        Raises:
            ValueError: If the ground truth has no row for it, or its size differs.
            RuntimeError: If the video cannot be written.
        """
        image = self._draw(result)
        if self._video is None or self._text is None:
            sink = VideoSink(self.video_path, self.fps, (image.shape[1], image.shape[0]))
            self._video = self._stack.enter_context(sink)
            self._text = self._stack.enter_context(self.text_path.open('w', encoding='utf-8'))
        values = (*result.box_xywh, result.score)
        numbers = ','.join(f'{value:.4f}' for value in values)
        self._text.write(f'{numbers},{bool(result.lost):d}\n')
        self._text.flush()
        self._video.write(image)
        self.boxes.append(result.box_xywh)
        self.scores.append(result.score)
        self.lost.append(bool(result.lost))
        self.seconds.append(result.seconds)
        return image

    def recorded_ground_truth(self) -> Optional[np.ndarray]:
        """The ground truth (N, 4) of the N frames written so far, None if there is none."""
        if self.ground_truth is None:
            return None
        start = self.source.start_frame
        return self.ground_truth[start : start + len(self.boxes)]

    def _draw(self, result: TrackResult) -> np.ndarray:
        number = self.source.start_frame + len(self.boxes)
        boxes = []
        absent = False
        if self.ground_truth is not None:
            if number >= len(self.ground_truth):
                raise ValueError(
                    f'the ground truth has {len(self.ground_truth)} boxes, but {self.source.name} '
                    'more frames; there must be one for each frame.'
                )
            truth = self.ground_truth[number]
            boxes.append(ground_truth_box(truth))
            absent = not np.isfinite(truth).all()
        boxes.append(tracker_box(self.label, 0, result.box_xywh, result.score, result.lost))
        last = None if self.source.num_frames is None else self.source.num_frames - 1
        return draw_frame(result.frame, boxes, FrameHeader(self.source.name, number, last, absent))
