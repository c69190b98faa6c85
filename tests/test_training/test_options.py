"""MMEngine's options for faster or larger steps, set in the config."""

import json
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
import torch

from tests.test_training.trainings import log_of, train, weights, write_config
from tests.toys import distill_cfg, tracker_cfg

STEPS = 4


def config_in(folder: Path, **changes: Any) -> Path:
    """Config of a training of few layers (for compilation) without dropout."""
    settings: Dict[str, Any] = {
        'model': distill_cfg(
            architecture=tracker_cfg(1, 1),
            teacher=tracker_cfg(0, 2),
            distiller=dict(
                type='mmeatrack.EATrackDistiller', layer_pairs=[(1, 1)], feature_weight=0.1
            ),
        ),
        'optim_wrapper.optimizer': dict(type='SGD', lr=1e-3),
        'train_cfg': dict(type='IterBasedTrainLoop', max_iters=STEPS, val_interval=1000),
        'train_dataloader.sampler.shuffle': False,
        'train_dataloader.dataset.drawn': False,
        'default_hooks.checkpoint.interval': STEPS,
    }
    return write_config(folder, **{**settings, **changes})


def losses(config: Path) -> np.ndarray:
    """Losses of a training, (iterations, number of losses)."""
    assert train(config) == 0, log_of(config)
    rows = json.loads((config.parent / 'work' / 'losses_0.json').read_text())
    assert 'distill.loss_feat_1_1' in rows[0]
    return np.array([list(row.values()) for row in rows])


@pytest.fixture(scope='module')
def plain(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return losses(config_in(tmp_path_factory.mktemp('plain')))


def test_bfloat16_follows_float32(plain: np.ndarray, tmp_path: Path) -> None:
    amp = dict(type='AmpOptimWrapper', dtype='bfloat16')
    mixed = losses(config_in(tmp_path, optim_wrapper=amp))
    assert mixed[0, 0] != plain[0, 0]
    np.testing.assert_allclose(mixed[0], plain[0], rtol=0.01, atol=1e-4)
    np.testing.assert_allclose(mixed, plain, rtol=0.05, atol=2e-3)


def test_compiled_steps_give_the_same_losses(plain: np.ndarray, tmp_path: Path) -> None:
    hooks = [dict(type='LossFileHook'), dict(type='GraphFileHook')]
    config = config_in(
        tmp_path, compile=dict(backend='eager'), log_level='INFO', custom_hooks=hooks
    )
    np.testing.assert_allclose(losses(config), plain, rtol=1e-4, atol=1e-6)
    log = log_of(config)
    assert 'AsymmetricViT, CenterHead of EATrackDistill is compiled' in log
    assert log.count('The first iteration took') == 1
    counts = json.loads((tmp_path / 'work' / 'graphs.json').read_text())
    # Backbone and head of student and teacher, each in one graph.
    assert counts == dict(graphs=4, breaks=0)


def test_accumulated_gradients_equal_those_of_a_larger_batch(tmp_path: Path) -> None:
    hooks = [dict(type='LossFileHook'), dict(type='FrozenBatchNormHook')]
    schedule = [dict(type='ConstantLR', factor=0.5, by_epoch=False, end=100)]
    common = dict(custom_hooks=hooks, param_scheduler=schedule)
    large = config_in(tmp_path / 'large', **common, **{'train_dataloader.batch_size': 4})
    small = config_in(
        tmp_path / 'small',
        **common,
        **{
            'optim_wrapper.accumulative_counts': 2,
            'train_cfg': dict(type='IterBasedTrainLoop', max_iters=2 * STEPS, val_interval=1000),
        },
    )
    halves = losses(small).reshape(STEPS, 2, -1).mean(axis=1)
    np.testing.assert_allclose(halves, losses(large), rtol=1e-4, atol=1e-5)
    theirs, ours = weights(large), weights(small)
    for key in theirs:
        torch.testing.assert_close(ours[key], theirs[key], atol=1e-4, rtol=0)
