"""Detector that degrades the annotation: equal seeds give equal detections."""

import zlib
from functools import lru_cache
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData

from mmeatrack.registry import MODELS
from mmeatrack.structures.boxes import Box, cxcywh_to_xyxy


class Degradation(NamedTuple):
    """Faults of a detector.

    Attributes:
        drop: Share of a target's frames in which it is missed.
        drop_frames: Mean duration of a miss in frames.
        jitter: Standard deviation of a box's centre, as a share of its side, and of its log side.
        false_alarms: Mean number of false boxes per frame.
        least_visible: Visible share below which a target is always missed.
    """

    drop: float = 0.2
    drop_frames: float = 4.0
    jitter: float = 0.06
    false_alarms: float = 0.5
    least_visible: float = 0.3


def detect(
    instances: List[dict],
    video: str,
    frame: int,
    image_size: Tuple[int, int],
    faults: Degradation,
    seed: int,
) -> Tuple[np.ndarray, np.ndarray]:
    """Degraded detections of a frame.

    They depend on seed, video and frame alone: a detector that skips frames sees in the others
    what one sees that skips none.

    Args:
        instances: Annotation, with ``bbox``, ``instance_id`` and ``visibility``.
        video, frame: Name and frame number, from 0.
        image_size: Width and height in pixels.
        faults: Strength of the degradation.
        seed: Seed of the detector.

    Returns:
        Boxes (D, 4), x1, y1, x2, y2 in image px, and scores (D,).
    """
    rng = np.random.default_rng([seed, zlib.crc32(video.encode()), frame])
    boxes, scores = [], []
    for each in instances:
        noise, score = rng.normal(0, faults.jitter, 4), rng.normal(0.85, 0.08)
        if each['visibility'] < faults.least_visible:
            continue
        if _missed(faults, seed, video, each['instance_id'])[frame % _PERIOD]:
            continue
        boxes.append(_jittered(each['bbox'], noise))
        scores.append(score - 0.4 * (1 - each['visibility']))
    sides = [_sides(each['bbox']) for each in instances] or [(32.0, 32.0)]
    for _ in range(rng.poisson(faults.false_alarms)):
        w, h = sides[int(rng.integers(len(sides)))]
        cx, cy = rng.uniform(0, image_size[0]), rng.uniform(0, image_size[1])
        boxes.append(cxcywh_to_xyxy((cx, cy, w, h)))
        scores.append(rng.normal(0.5, 0.15))
    limits = np.array(image_size * 2)
    return np.clip(np.array(boxes).reshape(-1, 4), 0, limits), np.clip(scores, 0.05, 1.0)


_PERIOD = 4096


@lru_cache(maxsize=4096)
def _missed(faults: Degradation, seed: int, video: str, target: int) -> np.ndarray:
    """Misses (4096,) of a target by frame: a Markov chain of two states."""
    rng = np.random.default_rng([seed, zlib.crc32(video.encode()), 1_000_003, target])
    ends = 1 / max(faults.drop_frames, 1.0)
    begins = ends * faults.drop / max(1 - faults.drop, 1e-9)
    draws = rng.random(_PERIOD)
    missed = np.empty(_PERIOD, bool)
    state = bool(rng.random() < faults.drop)
    for frame, draw in enumerate(draws):
        missed[frame] = state
        state = draw >= ends if state else draw < begins
    return missed


def _sides(box: List[float]) -> Tuple[float, float]:
    return box[2] - box[0], box[3] - box[1]


def _jittered(box: List[float], noise: np.ndarray) -> Box:
    w, h = _sides(box)
    cx, cy = (box[0] + box[2]) / 2 + noise[0] * w, (box[1] + box[3]) / 2 + noise[1] * h
    w, h = w * float(np.exp(noise[2])), h * float(np.exp(noise[3]))
    return cxcywh_to_xyxy((cx, cy, w, h))


@MODELS.register_module()
class DegradedDetector(BaseModel):
    """Replacement of a detector of mmdet by the degraded annotation."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.seed, self.faults = seed, Degradation()

    def forward(self, inputs: Any, data_samples: List[Any], mode: str = 'predict') -> List[Any]:
        """Detections of each sample, whatever the mode."""
        return self.predict(inputs, data_samples)

    def predict(self, inputs: Any, data_samples: List[Any], **kwargs: Any) -> List[Any]:
        """Add ``pred_instances`` to each sample, degraded from its annotation."""
        for sample in data_samples:
            info: Dict[str, Any] = sample.metainfo
            height, width = info['ori_shape'][:2]
            video = info['img_path'].split('/')[-3]
            boxes, scores = detect(
                info['instances'], video, info['frame_id'], (width, height), self.faults, self.seed
            )
            sample.pred_instances = InstanceData(
                bboxes=torch.tensor(boxes, dtype=torch.float32),
                scores=torch.tensor(scores, dtype=torch.float32),
                labels=torch.zeros(len(scores), dtype=torch.long),
            )
        return data_samples
