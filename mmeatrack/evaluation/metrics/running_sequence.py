"""A sequence that is being tracked, frame by frame."""

from dataclasses import dataclass, field
from typing import List, Mapping, Sequence

import numpy as np

from mmeatrack.evaluation.run_folder import SequenceResult, rounded_boxes


@dataclass
class RunningSequence:
    """Results so far of a tracker on a sequence.

    Attributes:
        name: Name of the sequence.
        video_id: Its number in the dataset.
        boxes: Boxes of the frames so far, (4,) each: x1, y1, x2, y2 in image pixels.
        ground_truth: True boxes, the same.
        scores: Confidences.
        seconds: Wall times from one result to the next.
        network_seconds: Times in the network; NaN where the tracker does not say.
        lost: 1 where the target counts as lost; NaN where the tracker does not say.
    """

    name: str
    video_id: int
    boxes: List[np.ndarray] = field(default_factory=list)
    ground_truth: List[np.ndarray] = field(default_factory=list)
    scores: List[float] = field(default_factory=list)
    seconds: List[float] = field(default_factory=list)
    network_seconds: List[float] = field(default_factory=list)
    lost: List[float] = field(default_factory=list)

    def add(self, data_sample: Mapping) -> None:
        """Append a frame: its prediction and true box. The result is waited for."""
        predicted = data_sample['pred_track_instances']
        self.boxes.append(predicted['bboxes'].reshape(-1).cpu().numpy().astype(np.float64))
        self.ground_truth.append(np.asarray(data_sample['instances'][0]['bbox'], dtype=float))
        self.scores.append(float(predicted['scores']))
        self.network_seconds.append(float(predicted.get('network_seconds', np.nan)))
        self.lost.append(float(predicted.get('lost', np.nan)))

    def result(self) -> SequenceResult:
        """Return the raw result."""
        return SequenceResult(
            name=self.name,
            boxes=rounded_boxes(_as_xywh(self.boxes)),
            scores=np.array(self.scores),
            seconds=np.array(self.seconds),
            network_seconds=np.array(self.network_seconds),
            lost=None if np.isnan(self.lost).all() else np.array(self.lost),
        )

    def truths(self) -> np.ndarray:
        """Return the true boxes (N, 4): x, y, w, h."""
        return _as_xywh(self.ground_truth)


def _as_xywh(boxes: Sequence[np.ndarray]) -> np.ndarray:
    """Turn boxes x1, y1, x2, y2 into an array (N, 4) of x, y, w, h."""
    corners = np.stack(boxes)
    return np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
