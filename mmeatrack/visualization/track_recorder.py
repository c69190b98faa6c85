"""Results of a tracker on a video: annotated video, text file and summary."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, List, Optional, Union

import numpy as np

from mmeatrack.evaluation import ope_scores
from mmeatrack.files.box_text import read_boxes
from mmeatrack.log import warn
from mmeatrack.visualization.annotated_frame import FrameHeader, draw_frame
from mmeatrack.visualization.labelled_boxes import LabelledBox
from mmeatrack.visualization.video_sink import MAX_FPS, MIN_FPS, VideoSink, check_fps

if TYPE_CHECKING:
    from mmeatrack.files.frame_sources import FrameSource
    from mmeatrack.multi import TrackResult
    from mmeatrack.structures.boxes import Box

DEFAULT_FPS = 30.0


class TrackRecorder:
    """Writer of a tracker's results in a ``with`` block.

    The text file holds ``x,y,w,h,score,lost`` per line, the first five with four decimals and
    ``lost`` as 1 or 0. It is up to date after each frame. The video is finished when the block
    ends, even by an exception. Without a result, files of an earlier run stay as they are.

    Args:
        video_path: ``.mp4`` or ``.avi``; the text file has the same name with suffix ``.txt``.
        source: Source of the frames.
        ground_truth: Boxes (N, 4) to draw, of all frames of the source: x, y, w, h in image px, NaN
            where the target is absent.
        label: Name of the tracker in the picture.
        fps: Frames per second of the video; by default the source's, or 30 if the source has no
            valid rate.

    Attributes:
        boxes: Box of each frame so far, x, y, w, h in image px.
        scores: Score of each frame; -1 for the first.
        lost: Whether the tracker reported the target as lost in each frame.
        seconds: Tracking time of each frame.

    Raises:
        ValueError: If ``fps`` is outside the range that a video can have.
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
        self.source, self.ground_truth, self.label = source, ground_truth, label
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
            ValueError: If the ground truth has no row for the frame, or the frame's size differs.
            RuntimeError: If the video cannot be written.
        """
        image, lost = self._draw(result), bool(result.lost)
        if self._video is None or self._text is None:
            sink = VideoSink(self.video_path, self.fps, (image.shape[1], image.shape[0]))
            self._video = self._stack.enter_context(sink)
            self._text = self._stack.enter_context(self.text_path.open('w', encoding='utf-8'))
            self._stack.callback(os.fsync, self._text.fileno())
        numbers = ','.join(f'{value:.4f}' for value in (*result.box_xywh, result.score))
        self._text.write(f'{numbers},{lost:d}\n')
        self._text.flush()
        self._video.write(image)
        self.boxes.append(result.box_xywh)
        self.scores.append(result.score)
        self.lost.append(lost)
        self.seconds.append(result.seconds)
        return image

    def recorded_ground_truth(self) -> Optional[np.ndarray]:
        """Ground truth (N, 4) of the N frames written so far; None without ground truth."""
        if self.ground_truth is None:
            return None
        start = self.source.start_frame
        return self.ground_truth[start : start + len(self.boxes)]

    def _draw(self, result: 'TrackResult') -> np.ndarray:
        number = self.source.start_frame + len(self.boxes)
        truth = None
        if self.ground_truth is not None:
            if number >= len(self.ground_truth):
                raise ValueError(
                    f'the ground truth has {len(self.ground_truth)} boxes, but {self.source.name} '
                    'has more frames; give one box per frame.'
                )
            truth = self.ground_truth[number]
        box = LabelledBox.of_tracker(self.label, 0, result.box_xywh, result.score, result.lost)
        last = None if self.source.num_frames is None else self.source.num_frames - 1
        return draw_frame(result.frame, [box], FrameHeader(self.source.name, number, last), truth)


def _source_fps(source: 'FrameSource') -> float:
    if source.fps is None:
        return DEFAULT_FPS
    if MIN_FPS <= source.fps <= MAX_FPS:
        return source.fps
    warn(
        f'{source.name}: {source.fps:g} frames per second are not valid; the annotated video gets '
        f'{DEFAULT_FPS:g}.'
    )
    return DEFAULT_FPS


def read_source_truth(path: Path, source: 'FrameSource') -> np.ndarray:
    """Read the ground truth (N, 4) of all frames of a source.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is malformed, its length does not fit the source, or it has no box for the
            first frame.
    """
    boxes = read_boxes(path)
    if source.is_exact and len(boxes) != source.num_frames:
        raise ValueError(
            f'{path}: {len(boxes)} boxes, but {source.name} has {source.num_frames} frames; give '
            'one line per frame of the input.'
        )
    first = boxes[source.start_frame : source.start_frame + 1]
    if not (np.isfinite(first).all() and (first[:, 2:] > 0).all() and len(first)):
        raise ValueError(
            f'{path}, line {source.start_frame + 1}: no box to track in the first frame '
            f'({first.tolist()}). Start at a frame that shows the target.'
        )
    return boxes


def track_summary(recorder: TrackRecorder, seconds: float) -> Optional[str]:
    """Lines with the files, speed, mean score, losses and, with a ground truth, benchmark scores.

    Args:
        recorder: The finished recorder.
        seconds: Total time, including reading, drawing and writing.

    Returns:
        The lines; None without a frame.
    """
    count = len(recorder.boxes)
    if not count:
        return None
    files = f'{recorder.video_path} and {recorder.text_path}'
    if count == 1:
        return f'1 frame: {files}'
    changes, lost = np.diff(np.array(recorder.lost, dtype=int)), sum(recorder.lost)
    lines = [
        f'{count} frames: {files}',
        # Without the first frame, which sets the tracker up.
        f'{(count - 1) / sum(recorder.seconds[1:]):.1f} frames per second of the tracker, '
        f'{count / seconds:.1f} with reading, drawing and writing; '
        f'mean score {np.mean(recorder.scores[1:]):.3f}',
        f'losses {np.sum(changes > 0)}, found again {np.sum(changes < 0)}; '
        f'target lost in {lost} of {count} frames',
    ]
    truth = recorder.recorded_ground_truth()
    if truth is not None:
        scores = ope_scores([np.array(recorder.boxes)], [truth], absent='miss')
        lines.append(
            f'success {100 * scores.success_auc:.1f}, precision {100 * scores.precision20:.1f}, '
            f'normalised precision {100 * scores.norm_precision:.1f} '
            f'({np.isnan(truth).any(axis=1).sum()} frames without the target count as misses)'
        )
    return '\n'.join(lines)
