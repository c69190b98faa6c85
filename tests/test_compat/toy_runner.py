"""A model, its data and a Runner as small as they can be, for tests of what MMEngine writes."""

from pathlib import Path
from typing import Any, Dict, List, Optional

import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.data import Dataset


class ToyDataset(Dataset):
    """Eight samples; its meta information ends up in every checkpoint."""

    metainfo = {'classes': ('target',), 'palette': [(0, 255, 0)]}

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> Dict[str, Tensor]:
        return {'x': torch.full((3,), float(index))}


class ToyModel(BaseModel):
    """A linear layer and a BatchNorm, whose loss is the mean square."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.norm = nn.BatchNorm1d(2)

    def forward(self, x: List[Tensor], mode: str = 'tensor') -> Any:
        y = self.norm(self.linear(torch.stack(list(x))))
        return {'loss': (y - 1).square().mean()} if mode == 'loss' else y


def build_runner(
    work_dir: Path, epochs: int = 2, schedulers: Optional[List[dict]] = None, **options: Any
) -> Runner:
    """Build a Runner that writes a checkpoint after each epoch of four iterations."""
    return Runner(
        model=ToyModel(),
        work_dir=str(work_dir),
        train_dataloader={
            'dataset': ToyDataset(),
            'batch_size': 2,
            'sampler': {'type': 'DefaultSampler', 'shuffle': True},
        },
        train_cfg={'by_epoch': True, 'max_epochs': epochs},
        optim_wrapper={'type': 'OptimWrapper', 'optimizer': {'type': 'AdamW', 'lr': 0.1}},
        param_scheduler=schedulers,
        default_hooks={'checkpoint': {'type': 'CheckpointHook', 'interval': 1}},
        randomness={'seed': 0},
        log_level='ERROR',
        experiment_name=f'toy-{work_dir.name}-{epochs}',
        **options,
    )
