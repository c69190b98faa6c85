"""Runs of mmtrack's unmodified train.py on toy distillations, in separate processes."""

from pathlib import Path
from typing import Any, Dict, Optional

import torch
from mmengine.config import Config

from mmeatrack.compat.scripts import mmtrack_script
from tests import forks
from tests.toys import distill_cfg, tracker_cfg

ROOT = Path(__file__).resolve().parents[2]


def write_config(folder: Path, **changes: Any) -> Path:
    """Write a config of 8 distillation steps, with the runtime settings of the real configs.

    Args:
        folder: Folder for ``toy.py``.
        changes: Values to merge into it; keys may have dots.
    """
    student = tracker_cfg(
        backbone=dict(drop_path_rate=0.3), train_cfg=dict(temporal_drop=0.3), temporal=None
    )
    cfg = Config.fromfile(str(ROOT / 'configs/_base_/iteration_runtime.py'))
    cfg.merge_from_dict(
        dict(
            custom_imports=dict(
                imports=['mmeatrack', 'tests.test_training.toy_parts'], allow_failed_imports=False
            ),
            model=distill_cfg(architecture=student),
            train_dataloader=dict(
                batch_size=2,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=True),
                dataset=dict(type='ToyCrops', length=64, drawn=True),
            ),
            optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3)),
            param_scheduler=dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=6),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=8, val_interval=1000),
            randomness=dict(seed=0, deterministic=True),
            custom_hooks=[dict(type='LossFileHook')],
            default_hooks=dict(checkpoint=dict(interval=2), logger=dict(interval=1)),
            log_level='WARNING',
            find_unused_parameters=False,
        )
    )
    for whole in set(changes) & {'model', 'train_cfg'}:
        cfg[whole] = changes.pop(whole)
    cfg.merge_from_dict(changes)
    folder.mkdir(parents=True, exist_ok=True)
    cfg.dump(str(folder / 'toy.py'))
    return folder / 'toy.py'


def train(config: Path, *arguments: str) -> int:
    """Run a training in the folder of its config; return its exit status."""
    command = (mmtrack_script('train.py'), config, '--work-dir', config.parent / 'work', *arguments)
    return forks.start(*command, cwd=config.parent, log=config.parent / 'log_0.txt').finish()


def train_in_two_processes(config: Path, *arguments: str) -> None:
    """Run a training in two processes with ``--launcher pytorch``."""
    work = ('--work-dir', config.parent / 'work', '--launcher', 'pytorch')
    forks.run_two(mmtrack_script('train.py'), config, *work, *arguments, cwd=config.parent)


def log_of(config: Path) -> str:
    """Output of all trainings of a config."""
    return ''.join(path.read_text() for path in sorted(config.parent.glob('log_*.txt')))


def weights(config: Path, name: Optional[str] = None) -> Dict[str, torch.Tensor]:
    """Weights of a checkpoint, by default the last."""
    work = config.parent / 'work'
    path = work / name if name else Path((work / 'last_checkpoint').read_text())
    state: Dict[str, torch.Tensor] = torch.load(path, weights_only=False)['state_dict']
    return state
