from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmeatrack.apis import load_tracker, shipped
from mmeatrack.conversion import publish
from tests.toys import build, tracker_cfg


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A toy tracker as it would ship, named 'toy'."""
    torch.manual_seed(0)
    model = build(tracker_cfg())
    path = publish(tracker_cfg(), model.state_dict(), {}, tmp_path / 'x.safetensors')
    monkeypatch.setattr(shipped, 'WEIGHTS', tmp_path)
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
    with pytest.raises(FileNotFoundError, match=r'none\.safetensors: no such published tracker'):
        load_tracker('none.safetensors')
