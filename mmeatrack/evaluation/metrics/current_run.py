"""The current test run: the sequence being tracked, model, processes and machine."""

import ast
import os
import platform
import socket
from pathlib import Path
from typing import List, Mapping, Optional

import numpy as np
import torch
from mmengine.dist import get_world_size
from mmengine.logging import MessageHub

from mmeatrack.evaluation.run_folder import SequenceResult, rounded_boxes

CPU_INFO = Path('/proc/cpuinfo')


class RunningSequence:
    """Results so far on the sequence that is being tracked, the ``video_id``-th of its dataset."""

    def __init__(self, name: str, video_id: int) -> None:
        self.name, self.video_id = name, video_id
        self.seconds: List[float] = []
        # Per frame: predicted and true box (x1, y1, x2, y2), score, network seconds, lost signal.
        self._rows: List[List[float]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, data_sample: Mapping) -> None:
        """Append a frame. Reading its prediction waits for the device."""
        predicted = data_sample['pred_track_instances']
        truth = np.asarray(data_sample['instances'][0]['bbox'], dtype=float)
        optional = (predicted.get(key, np.nan) for key in ('network_seconds', 'lost'))
        numbers = map(float, (predicted['scores'], *optional))
        self._rows.append([*predicted['bboxes'].reshape(-1).tolist(), *truth.tolist(), *numbers])

    def result(self) -> SequenceResult:
        """Return the raw result."""
        scores, network_seconds, lost = np.array(self._rows)[:, 8:].T
        return SequenceResult(
            name=self.name,
            boxes=rounded_boxes(self._xywh(0)),
            scores=scores,
            seconds=np.array(self.seconds),
            network_seconds=network_seconds,
            lost=None if np.isnan(lost).all() else lost,
        )

    def truths(self) -> np.ndarray:
        """Return the true boxes (N, 4): x, y, w, h."""
        return self._xywh(4)

    def _xywh(self, column: int) -> np.ndarray:
        corners = np.array(self._rows)[:, column : column + 4]
        return np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]])


def model_name() -> Optional[str]:
    """Return the class of the current run's model, or of the student of a distillation.

    MMEngine's message hub holds the config as text, which is parsed here and not run.
    """
    text = MessageHub.get_current_instance().runtime_info.get('cfg', '')
    try:
        statements = ast.parse(text).body
    except SyntaxError:  # a config that holds built objects is not valid Python as text
        return None
    node: Optional[ast.AST] = None
    for statement in statements:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], 'id', '') == 'model':
            node = statement.value
    while isinstance(node, ast.Call):  # dict(type='mmtrack.Stark', ...)
        options = {keyword.arg: keyword.value for keyword in node.keywords}
        node = options.get('architecture', options.get('type'))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.rpartition('.')[2]
    return None


def process_group() -> str:
    """Return a name that the ranks of a distributed run share; empty for one process."""
    if get_world_size() == 1:
        return ''
    address = os.environ.get('MASTER_ADDR', 'localhost')
    if address in ('localhost', '127.0.0.1', '::1'):
        address = f'{socket.gethostname()}:{address}'
    return f'{address}:{os.environ.get("MASTER_PORT", "")}'


def machine_facts(device: torch.device) -> dict:
    """Return the machine and software of this process, and the device that the model runs on.

    ``cpu``, ``device``, ``threads`` (of PyTorch, in each process), ``processes``, ``torch`` and
    ``python`` (versions).
    """
    on_gpu = device.type == 'cuda'
    return dict(
        cpu=_cpu_model(),
        device=torch.cuda.get_device_name(device) if on_gpu else device.type,
        threads=torch.get_num_threads(),
        processes=get_world_size(),
        torch=torch.__version__,
        python=platform.python_version(),
    )


def _cpu_model() -> str:
    if CPU_INFO.is_file():
        for line in CPU_INFO.read_text(errors='replace').splitlines():
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.processor() or platform.machine()
