"""The current run for a metric: the sequence that is being tracked, model and processes."""

import ast
import os
import socket
from dataclasses import dataclass, field
from typing import List, Mapping, Optional, Sequence

import numpy as np
from mmengine.dist import get_world_size
from mmengine.logging import MessageHub

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


def model_name() -> Optional[str]:
    """Return the class of the current run's model, of a distillation the student's.

    MMEngine's message hub holds the config as text, which is parsed here and not run.
    """
    text = MessageHub.get_current_instance().runtime_info.get('cfg', '')
    try:
        statements = ast.parse(text).body
    except SyntaxError:  # a config that holds built objects has no text that is Python
        return None
    values = {
        statement.targets[0].id: statement.value
        for statement in statements
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
    return _type_name(values['model']) if 'model' in values else None


def process_group() -> str:
    """Return a name that the ranks of a distributed run share; empty for one process."""
    if get_world_size() == 1:
        return ''
    address = os.environ.get('MASTER_ADDR', 'localhost')
    if address in ('localhost', '127.0.0.1', '::1'):
        address = f'{socket.gethostname()}:{address}'
    return f'{address}:{os.environ.get("MASTER_PORT", "")}'


def _type_name(node: ast.AST) -> Optional[str]:
    """Last part of ``type`` in ``dict(type='mmtrack.Stark', ...)``."""
    if not isinstance(node, ast.Call):
        return None
    options = {keyword.arg: keyword.value for keyword in node.keywords}
    if 'architecture' in options:
        return _type_name(options['architecture'])
    kind = options.get('type')
    if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
        return kind.value.rpartition('.')[2]
    return None
