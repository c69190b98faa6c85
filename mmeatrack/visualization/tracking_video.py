"""Videos of tracks on their sequences."""

from pathlib import Path
from typing import Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
from tqdm import tqdm

from mmeatrack.files.image_file import read_image
from mmeatrack.files.sequence_names import name_by_folder
from mmeatrack.visualization.annotated_frame import FrameHeader, draw_frame
from mmeatrack.visualization.labelled_boxes import LabelledBox
from mmeatrack.visualization.video_sink import write_video

PathLike = Union[str, Path]


def annotated_frames(
    frame_paths: Sequence[PathLike],
    tracks: Mapping[str, np.ndarray],
    ground_truth: Optional[np.ndarray] = None,
    scores: Optional[Mapping[str, np.ndarray]] = None,
    sequence: str = '',
    lost_below: Optional[float] = None,
) -> Iterator[np.ndarray]:
    """Draw tracks into the frames of a sequence, one frame after another.

    Args:
        frame_paths: The N image files.
        tracks: Boxes (N, 4) by tracker: x, y, w, h in image px.
        ground_truth: Boxes (N, 4); NaN where the target is absent.
        scores: Confidences (N,), 0 to 1, of some or all trackers; negative or NaN in frames without
            a score.
        sequence: Name to show; by default that of the image folder.
        lost_below: Score below which LOST is shown; None for never.

    Yields:
        The annotated frames (H, W, 3), uint8, BGR, of one size if the images have one size.

    Raises:
        ValueError: If the numbers of frames, boxes and scores differ, or an image cannot be read.
        FileNotFoundError: If an image is missing.
    """
    scores = scores or {}
    _check_shapes(len(frame_paths), tracks, ground_truth, scores)
    sequence = sequence or name_by_folder(Path(frame_paths[0]).parent)
    for i, path in enumerate(frame_paths):
        boxes: List[LabelledBox] = []
        for index, (name, track) in enumerate(tracks.items()):
            score = float(scores[name][i]) if name in scores else None
            lost: Optional[bool] = None
            if lost_below is not None and score is not None and score >= 0:  # False for NaN
                lost = score < lost_below
            boxes.append(LabelledBox.of_tracker(name, index, track[i], score, lost))
        truth = None if ground_truth is None else ground_truth[i]
        header = FrameHeader(sequence, i, len(frame_paths) - 1)
        yield draw_frame(read_image(path), boxes, header, truth)


def tracking_video(
    frame_paths: Sequence[PathLike],
    tracks: Mapping[str, np.ndarray],
    ground_truth: Optional[np.ndarray],
    scores: Optional[Mapping[str, np.ndarray]],
    out_path: PathLike,
    fps: float = 30,
    sequence: str = '',
    lost_below: Optional[float] = None,
    progress: bool = False,
) -> None:
    """Write a video, ``.mp4`` or ``.avi``, of tracks on a sequence, see :func:`annotated_frames`.

    Raises:
        ValueError: See :func:`annotated_frames` and :class:`VideoSink`; or if image sizes differ.
        FileNotFoundError: If an image is missing.
        RuntimeError: If the video cannot be written.
    """
    images = annotated_frames(frame_paths, tracks, ground_truth, scores, sequence, lost_below)
    total, name = len(frame_paths), Path(out_path).name
    bar = tqdm(images, desc=name, total=total, unit='frame', disable=not progress)
    write_video(out_path, fps, bar)


def _check_shapes(
    num_frames: int,
    tracks: Mapping[str, np.ndarray],
    ground_truth: Optional[np.ndarray],
    scores: Mapping[str, np.ndarray],
) -> None:
    if not num_frames:
        raise ValueError('no frames: give the image files of a sequence.')
    unknown = sorted(set(scores) - set(tracks))
    if unknown:
        raise ValueError(f'scores of {unknown}, but the tracks are of {sorted(tracks)}.')
    boxes, truth = (num_frames, 4), () if ground_truth is None else (ground_truth,)
    given: List[Tuple[str, np.ndarray, Tuple[int, ...]]] = [
        *((f'boxes of {name}', track, boxes) for name, track in tracks.items()),
        *((f'scores of {name}', each, (num_frames,)) for name, each in scores.items()),
        *(('ground truth boxes', each, boxes) for each in truth),
    ]
    for name, array, shape in given:
        if np.shape(array) != shape:
            raise ValueError(
                f'{name} have the shape {np.shape(array)}; for {num_frames} frames give {shape}.'
            )
