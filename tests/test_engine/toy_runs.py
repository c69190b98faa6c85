"""Runners of mmengine on toy crops and toy videos."""

from pathlib import Path
from typing import Any, List, Optional, Sequence

import torch
from mmengine.evaluator import BaseMetric
from mmengine.runner import Runner
from torch.utils.data import Dataset

from tests.test_training.toy_parts import ToyCrops
from tests.toys import FIRST_BOX, frame_sample, video


class VideoDataset(Dataset):
    """Frames of toy videos, one after the other."""

    metainfo = dict(classes=('target',))

    def __init__(self, seeds: Sequence[int], num_frames: int = 6) -> None:
        self.frames = [
            (frame, frame_sample(i, FIRST_BOX, num_frames))
            for seed in seeds
            for i, frame in enumerate(video(num_frames, seed))
        ]

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> dict:
        frame, sample = self.frames[index]
        return dict(inputs=dict(img=frame), data_samples=sample.clone())


class KeepResults(BaseMetric):
    """Keeps the boxes and scores of a run; its results are ``values``, one after the other."""

    default_prefix = 'toy'

    def __init__(self, values: Sequence[float] = (0.5,)) -> None:
        super().__init__()
        self.values = list(values)
        self.rows: List[torch.Tensor] = []

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        found = data_samples[0]['pred_track_instances']
        self.rows.append(torch.cat((found['bboxes'][0], found['scores'])))
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict:
        return dict(success=self.values.pop(0))


def train_runner(
    model: Any,
    work_dir: Path,
    train_cfg: Optional[dict] = None,
    checkpoint: Optional[dict] = None,
    metric: Optional[KeepResults] = None,
    **kwargs: Any,
) -> Runner:
    """Runner of four iterations an epoch, with validation if there is a ``metric``."""
    if metric is not None:
        kwargs.update(
            val_dataloader=loader(VideoDataset([0], 3)), val_cfg=dict(), val_evaluator=[metric]
        )
    return Runner(
        model=model,
        work_dir=str(work_dir),
        train_dataloader=dict(loader(ToyCrops()), batch_size=2),
        train_cfg=train_cfg or dict(by_epoch=True, max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=1e-4)),
        default_hooks=dict(
            checkpoint=dict(dict(type='CheckpointHook'), **(checkpoint or dict(interval=1)))
        ),
        **common(work_dir, kwargs),
    )


def video_runner(
    model: Any, work_dir: Path, dataset: VideoDataset, metric: KeepResults, **kwargs: Any
) -> Runner:
    """Runner that tests on these videos."""
    return Runner(
        model=model,
        work_dir=str(work_dir),
        test_dataloader=loader(dataset),
        test_cfg=dict(),
        test_evaluator=[metric],
        **common(work_dir, kwargs),
    )


def loader(dataset: Dataset) -> dict:
    sampler = dict(type='DefaultSampler', shuffle=False)
    return dict(dataset=dataset, batch_size=1, num_workers=0, sampler=sampler)


def common(work_dir: Path, given: dict) -> dict:
    return dict(
        dict(
            default_scope='mmtrack',
            log_level='WARNING',
            randomness=dict(seed=0),
            experiment_name=f'{work_dir.parent.name}-{work_dir.name}',
        ),
        **given,
    )
