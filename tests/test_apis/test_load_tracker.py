import copy

import pytest
import torch
from mmengine.config import Config

from mmeatrack.apis import load_tracker
from tests.toys import distill_cfg, tracker_cfg


def test_missing_files_are_named(toy, load, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.py: no such config file.*make demo'):
        load(config=tmp_path / 'none.py')
    with pytest.raises(FileNotFoundError, match=r'none\.pth: no such checkpoint.*make demo'):
        load_tracker(toy.config, tmp_path / 'none.pth')
    for nothing in (None, ''):
        with pytest.raises(ValueError, match='random weights'):
            load_tracker(toy.config, nothing)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('data_root = 1', r'own\.py: the config has no model'),
        ('a = 1\nmodel = dict(', r"own\.py, line 2: '\(' was never closed|own\.py, line"),
    ],
)
def test_bad_config_is_named(load, tmp_path, content, message):
    (tmp_path / 'own.py').write_text(content)
    with pytest.raises(ValueError, match=message):
        load(config=tmp_path / 'own.py')


def test_bad_options_are_refused(load, recwarn):
    load({'model.test_cfg.margin': 3})
    with pytest.raises(ValueError, match=r"has no \['backbone.depth'\]; .* with model"):
        load({'backbone.depth': 3})
    with pytest.raises(ValueError, match=r'unknown part: .*mmeatrack\.EATrak is not in'):
        load({'model.type': 'mmeatrack.EATrak'})
    with pytest.raises(RuntimeError, match='the checkpoint is of another model'):
        load({'model.backbone.embed_dims': 32})
    # A warning that only concerns detectors is left out.
    assert not [each for each in recwarn if 'dataset_meta' in str(each.message)]


def test_shipped_tracker_with_a_checkpoint_is_refused(load):
    with pytest.raises(ValueError, match='eatrack_nano comes with its weights: leave the checkp'):
        load(config='eatrack_nano')


def test_missing_gpu_is_refused(toy, monkeypatch):
    assert load_tracker(toy.config, toy.checkpoint, torch.device('cpu')).window.device.type == 'cpu'
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(ValueError, match="'cuda:0': torch finds no CUDA device"):
        load_tracker(toy.config, toy.checkpoint, 'cuda:0')
    assert next(load_tracker(toy.config, toy.checkpoint).parameters()).device.type == 'cpu'


def test_weights_are_the_checkpoints(toy, tracker):
    saved = torch.load(toy.checkpoint, weights_only=True)['state_dict']
    loaded = tracker.state_dict()
    assert set(saved) == set(loaded)
    assert all(torch.equal(saved[key], loaded[key]) for key in saved)


def test_distillation_config_gives_the_student(load):
    config = Config(dict(model=distill_cfg(allow_random_teacher=False)))
    tracker = load(config=config)
    assert type(tracker).__name__ == 'EATrack'
    assert len(tracker.backbone.joint_stage) == 2


def test_config_is_not_changed_and_its_imagenet_weights_are_not_needed(load):
    config = Config(dict(model=tracker_cfg(backbone=dict(pretrained='not_here.pth'))))
    before = copy.deepcopy(config.to_dict())
    load({'model.test_cfg': dict(margin=3.0)}, config)
    assert config.to_dict() == before


@pytest.mark.slow
def test_temporal_adaptation_by_argument_then_config(load):
    hook = dict(type='mmeatrack.TemporalAdaptationHook', store=dict(interval=7))
    store = dict(type='mmeatrack.TargetStore', threshold=0.1)
    by_hook = Config(dict(model=tracker_cfg(), custom_hooks=[hook]))
    by_model = Config(dict(model=tracker_cfg(temporal=store)))
    default = dict(type='mmeatrack.TargetStore')

    def temporal(config, argument):
        return load(config=config, temporal=argument).temporal_cfg

    assert temporal(None, None) is None
    assert temporal(None, True) == default
    assert temporal(None, False) is None
    for argument in (None, True):
        assert temporal(by_hook, argument) == dict(default, interval=7)
        assert temporal(by_model, argument) == store
    assert temporal(by_hook, False) is None
    assert temporal(by_model, False) is None
