"""Trackers compared on sequences: those of this package, exported ones and OpenCV's."""

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterator, List, NamedTuple, Tuple, Union

import cv2
import numpy as np

from mmeatrack.deploy import DeployedTracker, TrackedFrame
from mmeatrack.files.image_file import read_image
from mmeatrack.structures.boxes import xywh_to_cxcywh

if TYPE_CHECKING:
    from mmeatrack.multi import TrackResult

Box = Tuple[float, float, float, float]
Found = Union[TrackedFrame, 'TrackResult']
# From all frames and the first box to one result per frame.
Run = Callable[[List[np.ndarray], Box], Iterator[Found]]


class Clip(NamedTuple):
    """Sequence: name, paths of the frames, and boxes (N, 4) x, y, w, h, NaN where absent."""

    name: str
    frames: List[Path]
    boxes: np.ndarray


def run_ours(model: Any) -> Run:
    """Tracker of this package."""
    from mmeatrack.apis import track_frames

    return lambda frames, box: track_frames(model, frames, box)


def run_deployed(folder: str, backend: str = 'onnxruntime', precision: str = 'fp32') -> Run:
    """Exported tracker, on one thread."""
    tracker = DeployedTracker(folder, backend, precision)
    return lambda frames, box: tracker.follow(frames, box)


def run_misled(model: Any, sequences: List[Clip]) -> Run:
    """Tracker of this package with the template of the next sequence."""
    import torch

    from mmeatrack.apis import track_frames
    from mmeatrack.models.wrappers import find_tracker

    tracker, turn = find_tracker(model), itertools.count(1)

    def run(frames: List[np.ndarray], box: Box) -> Iterator[Found]:
        other = sequences[next(turn) % len(sequences)]
        pixels = torch.from_numpy(read_image(other.frames[0])).permute(2, 0, 1)[None]
        for number, result in enumerate(track_frames(model, frames, box)):
            if number == 0:
                with torch.no_grad():
                    wrong = tracker.encode_template(pixels, xywh_to_cxcywh(other.boxes[0].tolist()))
                state = tracker.state
                state.template = state.active_template = wrong
                state.temporal = None if state.temporal is None else wrong
            yield result

    return run


def run_nanotrack(backbone: str, head: str) -> Run:
    """OpenCV's NanoTrack with the given networks; FileNotFoundError if one is missing."""
    for path in (backbone, head):
        if not Path(path).is_file():
            raise FileNotFoundError(f'--nanotrack {path}: no such file.')
    parameters = cv2.TrackerNano_Params()
    parameters.backbone, parameters.neckhead = backbone, head
    return run_opencv(lambda: cv2.TrackerNano_create(parameters))


def run_opencv(create: Callable[[], Any]) -> Run:
    """OpenCV tracker without a score; the last box is kept where it finds nothing."""

    def run(frames: List[np.ndarray], box: Box) -> Iterator[Found]:
        tracker = create()
        tracker.init(frames[0], tuple(round(value) for value in box))
        yield TrackedFrame(box, math.nan, False)
        for frame in frames[1:]:
            found, new_box = tracker.update(frame)
            box = new_box if found else box
            yield TrackedFrame(box, math.nan, False)

    return run
