"""Benchmark of noise and tracker without a network, for test runs of a second."""

from pathlib import Path
from typing import Any, List

import numpy as np
import torch
from mmengine.structures import InstanceData
from mmtrack.models.sot.base import BaseSingleObjectTracker
from torch import Tensor

from mmeatrack.registry import MODELS
from tests.test_datasets.trees import boxes_of, write_dtb70_sequence

LENGTHS = {'boat': 6, 'car': 9, 'quad': 7, 'walker': 8}


@MODELS.register_module(force=True)
class DriftTracker(BaseSingleObjectTracker):
    """Tracker that moves its box by the values of the first pixels.

    Args:
        with_weights: Whether it has a parameter.
    """

    num_tracked = 0  # frames in this process
    stop_after = 0  # frame of a simulated interruption

    def __init__(self, with_weights: bool = False) -> None:
        super().__init__(data_preprocessor=dict(type='mmtrack.TrackDataPreprocessor'))
        self.test_cfg = dict()
        if with_weights:
            self.weight = torch.nn.Parameter(torch.zeros(1))

    def loss(self, inputs: dict, data_samples: list, **kwargs: Any) -> dict:
        raise NotImplementedError

    def init(self, img: Tensor) -> None:
        """Only the box of the first frame is kept."""

    def track(self, img: Tensor, data_samples: list) -> List[InstanceData]:
        DriftTracker.num_tracked += 1
        if DriftTracker.num_tracked == self.stop_after:
            raise RuntimeError('the power is off')
        cx, cy, w, h = self.memo.bbox
        cx = cx + 1 + (img[0, 0, 0, 0] - 127) / 100
        cy = cy + 0.5 + (img[0, 1, 0, 0] - 127) / 100
        corners = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
        result = InstanceData(bboxes=torch.stack(corners)[None], scores=torch.tensor([0.75]))
        result.network_seconds = torch.tensor([0.001])
        return [result]


def make_benchmark(root: Path) -> Path:
    """Write four sequences of 6 to 9 frames in DTB70's layout; one has an absent target."""
    for name, num_frames in LENGTHS.items():
        boxes = boxes_of(num_frames)
        if name == 'car':
            boxes[4] = np.nan
        folder = write_dtb70_sequence(root, name, boxes, images=True)
        (folder / 'attributes.txt').write_text('water\n' if name == 'boat' else 'land\n')
    return root


def benchmark_cfg(root: Path, work_dir: Path, **model: Any) -> dict:
    """Config of a test run on :func:`make_benchmark`."""
    return dict(
        default_scope='mmtrack',
        work_dir=str(work_dir),
        model=dict(dict(type='mmeatrack.DriftTracker'), **model),
        test_dataloader=dict(
            batch_size=1,
            num_workers=0,
            sampler=dict(type='VideoSampler'),
            dataset=dict(
                type='mmeatrack.UAVSOTDataset',
                data_root=str(root),
                test_mode=True,
                pipeline=[
                    dict(type='mmeatrack.LoadFrame'),
                    dict(type='LoadTrackAnnotations', with_instance_id=False),
                    dict(type='PackTrackInputs', pack_single_img=True),
                ],
            ),
        ),
        test_evaluator=dict(type='mmeatrack.UAVSOTMetric', tracker_name='Drift'),
        test_cfg=dict(type='TestLoop'),
        default_hooks=dict(benchmark_run=dict(type='mmeatrack.BenchmarkRunHook')),
        log_level='WARNING',
    )
