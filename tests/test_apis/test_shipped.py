from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmeatrack.apis import load_tracker
from mmeatrack.conversion import WeightsFile, convert_checkpoint, publish
from mmeatrack.conversion import published as published_trackers
from tests.toy_ostrack import ostrack_weights
from tests.toys import build, tracker_cfg


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A toy tracker as it would ship, named 'toy'."""
    torch.manual_seed(0)
    model = build(tracker_cfg())
    path = publish(tracker_cfg(), model.state_dict(), {}, tmp_path / 'x.safetensors')
    monkeypatch.setattr(published_trackers, 'WEIGHTS', tmp_path)
    return path.rename(tmp_path / 'toy.safetensors')


def test_a_shipped_tracker_is_loaded_by_its_name_alone(published: Path) -> None:
    torch.manual_seed(0)
    expected = build(tracker_cfg()).state_dict()
    loaded = load_tracker('toy', device='cpu')
    assert not loaded.training
    assert all(torch.equal(value, expected[key]) for key, value in loaded.state_dict().items())


def test_a_published_file_is_loaded_by_its_path(published: Path, tmp_path: Path) -> None:
    other = published.rename(tmp_path / 'elsewhere.safetensors')
    assert type(load_tracker(other, device='cpu')).__name__ == 'EATrack'


def test_a_cut_file_is_refused(published: Path) -> None:
    published.write_bytes(published.read_bytes()[:-100])
    with pytest.raises(RuntimeError, match=r'toy\.safetensors'):
        load_tracker('toy', device='cpu')


def test_a_config_without_weights_is_refused_with_what_there_is(published: Path) -> None:
    for source in ('student.py', Config(dict(model={}))):
        with pytest.raises(ValueError, match=r"no checkpoint is given .*\['toy'\]"):
            load_tracker(source)


def test_a_missing_file_is_named(published: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'none\.safetensors: no such weights file'):
        load_tracker('none.safetensors')


def test_a_converted_ostrack_is_loaded_by_its_path(tmp_path: Path) -> None:
    weights = ostrack_weights(depth=1)
    file = WeightsFile('a file', weights, {})
    path = tmp_path / 'teacher.pth'
    torch.save(convert_checkpoint(file, 'auto', 'mmeatrack').content, path)
    tracker = load_tracker(path, device='cpu', cfg_options={'model.test_cfg.compat': 'ostrack'})
    qkv = tracker.backbone.joint_stage[0].attn.qkv.weight
    assert torch.equal(qkv, weights['backbone.blocks.0.attn.qkv.weight'])
    assert tracker.test_cfg['compat'] == 'ostrack'


def test_a_checkpoint_without_its_config_asks_for_it(tmp_path: Path) -> None:
    path = tmp_path / 'student.pth'
    torch.save(build(tracker_cfg()).state_dict(), path)
    with pytest.raises(RuntimeError, match=r'student\.pth .*or give a config along with it'):
        load_tracker(path)
