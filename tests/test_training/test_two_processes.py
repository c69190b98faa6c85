"""Two processes on one machine train like one process with twice the batch."""

import json
from pathlib import Path
from typing import Dict, List

import numpy as np
import torch

from tests.test_training.trainings import (
    log_of,
    train,
    train_in_two_processes,
    weights,
    write_config,
)
from tests.toys import distill_cfg, tracker_cfg

STEPS = 22


def config_in(folder: Path, batch_size: int, rank: int) -> Path:
    """Config of 22 steps on samples in order, without dropout; process 0 has the even samples.

    The second step has a NaN in a box and the fourth in the loss of process ``rank``; both are
    skipped. In three steps one process sees fewer targets than the other, or none. Batch norm uses
    the samples of both processes, like ``sync_bn='torch'`` on GPUs.
    """
    hooks = [
        dict(type='LossFileHook'),
        dict(type='SharedBatchNormHook'),
        dict(type='NanLossHook', iteration=3, rank=rank),
    ]
    data = dict(drawn=False, nan_box=[5], without_target=[8, 16, 18, 25], length=4 * STEPS)
    return write_config(
        folder,
        **{
            'model': distill_cfg(),
            'model.distiller.reduction': 'mean',
            # Not Adam: it would turn the rounding errors in the gradient of the keys' biases, which
            # is 0, into full steps.
            'optim_wrapper.optimizer': dict(type='SGD', lr=0.01),
            'train_cfg': dict(type='IterBasedTrainLoop', max_iters=STEPS, val_interval=1000),
            'train_dataloader.batch_size': batch_size,
            'train_dataloader.sampler.shuffle': False,
            'train_dataloader.dataset': data,
            'default_hooks.checkpoint.interval': STEPS,
            'default_hooks.non_finite_guard.action': 'skip',
            'custom_hooks': hooks,
        },
    )


def rows_of(config: Path, rank: int = 0) -> List[Dict[str, float]]:
    """Losses of a process by step; empty for a skipped one."""
    rows: List[Dict[str, float]] = json.loads(
        (config.parent / 'work' / f'losses_{rank}.json').read_text()
    )
    return rows


def as_array(rows: List[Dict[str, float]]) -> np.ndarray:
    return np.array([list(row.values()) for row in rows if row])


def test_two_processes_follow_one_with_twice_the_batch(tmp_path: Path) -> None:
    one, two = config_in(tmp_path / 'one', 4, rank=0), config_in(tmp_path / 'two', 2, rank=1)
    assert train(one) == 0, log_of(one)
    train_in_two_processes(two)
    for rows in (rows_of(one), rows_of(two, 0), rows_of(two, 1)):
        assert [step for step, row in enumerate(rows) if not row] == [1, 3]
        assert len(rows) == STEPS
        assert 'distill.loss_feat_2_2' in rows[0]
    expected, each = as_array(rows_of(one)), [as_array(rows_of(two, rank)) for rank in range(2)]
    assert len(expected) == 20
    assert np.abs(each[0] - each[1]).max() > 0.01  # they see different samples
    np.testing.assert_allclose(np.mean(each, axis=0), expected, atol=1e-4)
    theirs, ours = weights(one), weights(two)
    for key in theirs:
        torch.testing.assert_close(ours[key], theirs[key], atol=1e-4, rtol=0)


def test_adapters_stay_synchronised_when_distillation_stops(tmp_path: Path) -> None:
    """DistributedDataParallel refuses parameters without a gradient, which adapters then are."""
    wide = distill_cfg(teacher=tracker_cfg(0, 4, backbone=dict(embed_dims=24)))
    config = write_config(
        tmp_path / 'two',
        **{
            'model': wide,
            'train_cfg': dict(type='EpochBasedTrainLoop', max_epochs=2),
            'train_dataloader.dataset.length': 12,
            'default_hooks.checkpoint': dict(by_epoch=True, interval=1),
            'log_processor.by_epoch': True,
            'custom_hooks': [
                dict(type='LossFileHook'),
                dict(type='StatisticsFileHook'),
                dict(type='mmrazor.StopDistillHook', stop_epoch=1),
            ],
        },
    )
    train_in_two_processes(config)
    rows = rows_of(config)
    assert ['distill.loss_feat_2_2' in row for row in rows] == [True] * 3 + [False] * 3
    assert [row.get('distill.loss_stopped') for row in rows] == [None] * 3 + [0] * 3
    before, after = weights(config, 'epoch_1.pth'), weights(config)
    student = [key for key in before if key.startswith('architecture.backbone.joint_stage')]
    assert all(not torch.equal(before[key], after[key]) for key in student)
    assert 'distiller.connectors.adapter_2_2.linear.func.weight' in before
    # Each process has its own batch norm statistics until they are saved.
    assert statistics_differ(config, 'iter_2')
    assert not statistics_differ(config, 'epoch_1')


def test_statistics_are_averaged_when_saved_and_both_processes_resume(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        **{
            'train_cfg': dict(type='IterBasedTrainLoop', max_iters=3, val_interval=1000),
            'default_hooks.checkpoint.interval': 2,
            'custom_hooks': [dict(type='StatisticsFileHook')],
        },
    )
    train_in_two_processes(config)
    assert statistics_differ(config, 'iter_1')
    assert not statistics_differ(config, 'iter_2')
    saved, mine = weights(config, 'iter_2.pth'), statistics(config, 'iter_2', 1)
    names = [name for name in mine if name.startswith('architecture.')]
    assert names
    assert all(torch.equal(saved[name], mine[name]) for name in names)

    # Both processes resume from there as if they had not stopped.
    uninterrupted = [
        weights(config, 'iter_3.pth'),
        *(statistics(config, 'iter_3', r) for r in (0, 1)),
    ]
    work = tmp_path / 'work'
    for path in [work / 'iter_3.pth', *work.glob('statistics_iter_3_*')]:
        path.unlink()
    (work / 'last_checkpoint').write_text(str(work / 'iter_2.pth'))
    train_in_two_processes(config, '--resume')
    resumed = [weights(config, 'iter_3.pth'), *(statistics(config, 'iter_3', r) for r in (0, 1))]
    for theirs, ours in zip(uninterrupted, resumed):
        assert theirs.keys() == ours.keys()
        assert [key for key in theirs if not torch.equal(theirs[key], ours[key])] == []


def statistics(config: Path, when: str, rank: int) -> Dict[str, torch.Tensor]:
    """Batch norm statistics of a process."""
    path = config.parent / 'work' / f'statistics_{when}_{rank}.pt'
    buffers: Dict[str, torch.Tensor] = torch.load(path, weights_only=True)
    return buffers


def statistics_differ(config: Path, when: str) -> bool:
    first, second = (statistics(config, when, rank) for rank in range(2))
    assert first
    return any(not torch.equal(value, second[name]) for name, value in first.items())
