"""A tracker's run: the box that a person draws, and the results as annotated video and text."""

import dataclasses
import os
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, List, Optional, Sequence, Tuple, Union

import cv2
import numpy as np

from mmeatrack.evaluation import ope_scores
from mmeatrack.log import warn
from mmeatrack.visualization.annotated_frame import FrameHeader, draw_frame
from mmeatrack.visualization.labelled_boxes import LabelledBox
from mmeatrack.visualization.video_sink import MAX_FPS, MIN_FPS, VideoSink, check_fps

if TYPE_CHECKING:
    from mmeatrack.files.frame_sources import FrameSource
    from mmeatrack.multi import TrackResult
    from mmeatrack.structures.boxes import Box

DEFAULT_FPS = 30.0


def select_target(source: 'FrameSource') -> 'Tuple[FrameSource, Box]':
    """Let a person draw the target in the first frame, in a window of OpenCV's.

    Returns the frames, the first one among them, and the box x, y, w, h in image px. ValueError if
    no box was drawn.
    """
    frames = iter(source)
    first = next(frames)
    title = f'{source.name}: drag a box, then Enter; c cancels'
    x, y, w, h = (float(value) for value in cv2.selectROI(title, first, False))
    cv2.destroyWindow(title)
    if not w or not h:
        raise ValueError('no box was drawn. Drag one around the target, then press Enter.')
    return dataclasses.replace(source, frames=chain([first], frames)), (x, y, w, h)


class TrackRecorder:
    """Writes the results of a tracker in a ``with`` block.

    The text file holds ``x,y,w,h,score,lost`` a line, the first five with four decimals and the
    last 1 or 0, and is up to date after each frame. The video is finished at the block's end, also
    if an exception ends it. Without a result nothing is written, and files of an earlier run stay.

    Args:
        video_path: ``.mp4`` or ``.avi``; the text file lies beside it and ends in ``.txt``.
        source: Where the frames come from.
        ground_truth: Boxes (N, 4) of all frames of the source, x, y, w, h in image px, NaN where
            the target is absent; they are drawn.
        label: Name of the tracker in the picture.
        fps: Frames per second of the video; by default the source's, or 30 if the source gives no
            rate that a video can have.

    Attributes:
        boxes: Box of each frame so far, x, y, w, h in image px.
        scores: Score of each; -1 for the first.
        lost: Whether the tracker reported the target as lost in each.
        seconds: Time that the tracker took for each.

    Raises:
        ValueError: If no video can have ``fps``.
    """

    def __init__(
        self,
        video_path: Union[str, Path],
        source: 'FrameSource',
        ground_truth: Optional[np.ndarray] = None,
        label: str = 'tracker',
        fps: Optional[float] = None,
    ) -> None:
        self.video_path = Path(video_path)
        self.text_path = self.video_path.with_suffix('.txt')
        self.source, self.ground_truth = source, ground_truth
        self.label = label
        self.fps = _source_fps(source) if fps is None else check_fps(fps, str(self.video_path))
        self.boxes: List[Box] = []
        self.scores: List[float] = []
        self.lost: List[bool] = []
        self.seconds: List[float] = []
        self._stack = ExitStack()
        self._video: Optional[VideoSink] = None
        self._text: Optional[IO[str]] = None

    def __enter__(self) -> 'TrackRecorder':
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def add(self, result: 'TrackResult') -> np.ndarray:
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
            self._stack.callback(os.fsync, self._text.fileno())
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

    def _draw(self, result: 'TrackResult') -> np.ndarray:
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
            boxes.append(LabelledBox.of_ground_truth(truth))
            absent = not np.isfinite(truth).all()
        boxes.append(
            LabelledBox.of_tracker(self.label, 0, result.box_xywh, result.score, result.lost)
        )
        last = None if self.source.num_frames is None else self.source.num_frames - 1
        return draw_frame(result.frame, boxes, FrameHeader(self.source.name, number, last, absent))


def _source_fps(source: 'FrameSource') -> float:
    """Frame rate of the source; 30 if it gives none that a video can have."""
    if source.fps is None:
        return DEFAULT_FPS
    if MIN_FPS <= source.fps <= MAX_FPS:
        return source.fps
    warn(
        f'{source.name}: says that it has {source.fps:g} frames per second; the annotated video '
        f'gets {DEFAULT_FPS:g}.'
    )
    return DEFAULT_FPS


def track_summary(recorder: TrackRecorder, seconds: float) -> Optional[str]:
    """Files written, speed, confidence and, with a ground truth, scores, a line each.

    None without a frame; ``seconds`` is the time of all, with reading, drawing and writing.
    """
    count = len(recorder.boxes)
    if not count:
        return None
    lines: List[str] = [
        f'{count} frame{"s" if count > 1 else ""}: {recorder.video_path} and {recorder.text_path}'
    ]
    if count < 2:
        return lines[0]
    # The first frame sets the tracker up.
    lines.append(
        f'{(count - 1) / sum(recorder.seconds[1:]):.1f} frames per second of the tracker, '
        f'{count / seconds:.1f} with reading, drawing and writing; '
        f'mean score {np.mean(recorder.scores[1:]):.3f}'
    )
    lines.append(_lost_line(recorder.lost))
    truth = recorder.recorded_ground_truth()
    if truth is not None:
        lines.append(_score_line(np.array(recorder.boxes), truth))
    return '\n'.join(lines)


def _lost_line(lost: Sequence[bool]) -> str:
    changes = np.diff(np.array(lost, dtype=int))
    return (
        f'losses {np.sum(changes > 0)}, found again {np.sum(changes < 0)}; '
        f'target lost in {np.sum(lost)} of {len(lost)} frames'
    )


def _score_line(boxes: np.ndarray, truth: np.ndarray) -> str:
    """Success and precision of boxes (N, 4) in percent."""
    scores = ope_scores([boxes], [truth], absent='miss')
    return (
        f'success {100 * scores.success_auc:.1f}, precision {100 * scores.precision20:.1f}, '
        f'normalised precision {100 * scores.norm_precision:.1f} '
        f'({np.isnan(truth).any(axis=1).sum()} frames without the target count as misses)'
    )
