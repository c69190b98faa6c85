"""Deployed tracker against the one in PyTorch, on frames."""

from typing import Any, Iterable, List, NamedTuple, Sequence

import numpy as np

from mmeatrack.apis import track_frames
from mmeatrack.deploy import DeployedTracker


class Differences(NamedTuple):
    """Greatest differences over a video.

    Attributes:
        frames: Frames tracked.
        box: Of the boxes' sides and corners, in image px.
        score: Of the scores.
        lost: Frames that one of both calls lost and the other does not.
    """

    frames: int
    box: float
    score: float
    lost: int

    def __str__(self) -> str:
        return (
            f'{self.frames} frames: boxes within {self.box:.4f} px, scores within '
            f'{self.score:.1e}, {self.lost} frames lost in one alone'
        )


def compare_on_frames(
    tracker: Any, deployed: DeployedTracker, frames: Iterable[np.ndarray], bbox: Sequence[float]
) -> Differences:
    """Track a video with both, from the target's box x, y, w, h in the first frame."""
    rows: List[np.ndarray] = []
    for number, result in enumerate(track_frames(tracker, frames, bbox)):
        if number == 0:
            deployed.init(result.frame, bbox)
            continue
        box, score, lost = deployed.track(result.frame)
        boxes = np.abs(np.subtract(box, result.box_xywh)).max()
        rows.append(np.array([boxes, abs(score - result.score), lost != result.lost]))
    if not rows:
        raise ValueError('the video has fewer than two frames: nothing can be compared.')
    box, score, _ = np.max(rows, axis=0).tolist()
    return Differences(len(rows), box, score, int(np.sum(rows, axis=0)[2]))
