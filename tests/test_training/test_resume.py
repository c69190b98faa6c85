"""A killed and resumed training ends with the weights of an uninterrupted one, bit for bit."""

from pathlib import Path
from typing import Any, Dict

import pytest
import torch

from tests.test_training.trainings import log_of, train, weights, write_config

BY_EPOCHS: Dict[str, Any] = {
    'train_cfg': dict(type='EpochBasedTrainLoop', max_epochs=4),
    'train_dataloader.dataset.length': 4,
    'default_hooks.checkpoint': dict(by_epoch=True, interval=1),
    'log_processor.by_epoch': True,
}
WORKERS: Dict[str, Any] = {
    'train_dataloader.num_workers': 2,
    'train_dataloader.persistent_workers': True,
}
SETTINGS: Dict[str, Dict[str, Any]] = {
    'steps': {},
    'steps-workers': WORKERS,
    'epochs': BY_EPOCHS,
    'epochs-workers': {**BY_EPOCHS, **WORKERS},
}
KILLS = {
    'steps': [(1, 'iteration'), (3, 'iteration'), (4, 'saving'), (6, 'saved')],
    'steps-workers': [(5, 'iteration')],
    'epochs': [(5, 'iteration')],
    'epochs-workers': [(3, 'iteration')],
}


@pytest.fixture(scope='module')
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Dict[str, torch.Tensor]]:
    """Final weights for each setting."""
    found = {}
    for name, setting in SETTINGS.items():
        config = write_config(tmp_path_factory.mktemp(name), **setting)
        assert train(config) == 0, log_of(config)
        found[name] = weights(config)
    return found


@pytest.mark.parametrize(
    ('setting', 'iteration', 'when'),
    [(name, *kill) for name, kills in KILLS.items() for kill in kills],
)
def test_resumed_weights_equal_those_of_an_uninterrupted_run(
    uninterrupted: Any, tmp_path: Path, setting: str, iteration: int, when: str
) -> None:
    killer = dict(type='KillHook', iteration=iteration, when=when)
    assert train(write_config(tmp_path, custom_hooks=[killer], **SETTINGS[setting])) == -9
    config = write_config(tmp_path, **SETTINGS[setting])
    assert train(config, '--resume') == 0, log_of(config)
    expected, resumed = uninterrupted[setting], weights(config)
    assert expected.keys() == resumed.keys()
    assert [key for key in expected if not torch.equal(expected[key], resumed[key])] == []
