"""Published trackers: one file with weights, config and facts."""

import hashlib
import json
import re

import pytest
import torch
from safetensors.torch import save_file

from mmeatrack.conversion import publish, read_published
from mmeatrack.registry import MODELS
from tests.toys import build, tracker_cfg

FACTS = dict(trained_on=['synthetic worlds'], success=41.5)


@pytest.fixture
def tracker():
    return build(tracker_cfg()).eval()


def publish_toy(tracker, path, dtype=torch.float32):
    return publish(tracker_cfg(), tracker.state_dict(), FACTS, path, dtype)


def assert_equal(tensors, tracker) -> None:
    own = tracker.state_dict()
    assert own.keys() == tensors.keys()
    assert all(torch.equal(own[key], value) for key, value in tensors.items())


def test_file_suffices_to_build_the_tracker(tmp_path, tracker) -> None:
    path = publish_toy(tracker, tmp_path / 'toy.safetensors')
    read = read_published(path)
    assert read.facts == FACTS
    again = MODELS.build(read.model)
    again.load_state_dict(read.state_dict, strict=True)
    assert_equal(again.state_dict(), tracker)


def test_name_ends_in_the_hash_of_the_content(tmp_path, tracker) -> None:
    path = publish_toy(tracker, tmp_path / 'toy.safetensors')
    again = publish_toy(tracker, tmp_path / 'toy.safetensors')
    assert again == path
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    assert path.name == f'toy-{digest}.safetensors'


def test_half_precision_halves_the_file(tmp_path, tracker) -> None:
    weights = tracker.state_dict()
    full = publish_toy(tracker, tmp_path / 'a.safetensors')
    half = publish_toy(tracker, tmp_path / 'b.safetensors', torch.float16)
    tensors = sum(v.numel() for v in weights.values() if v.is_floating_point())
    saved = full.stat().st_size - half.stat().st_size  # and a few digits in the header
    assert saved == pytest.approx(2 * tensors, rel=0.01)
    read = read_published(half).state_dict
    name = 'backbone.joint_stage.0.attn.qkv.weight'
    assert read[name].dtype == torch.float32
    torch.testing.assert_close(read[name], weights[name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    'name', ['subprocess.Popen', 'mmdet.FasterRCNN', 'mmeatrack.Nothing', ['mmeatrack.EATrack']]
)
@pytest.mark.parametrize('place', ['top', 'nested'])
def test_config_with_foreign_parts_is_refused(tmp_path, tracker, name, place) -> None:
    model = tracker_cfg()
    if place == 'top':
        model['type'] = name
    else:
        model['test_cfg'] = dict(extra=[dict(type=name)])
    with pytest.raises(ValueError, match=re.escape(f'names {name!r}')):
        publish(model, tracker.state_dict(), FACTS, tmp_path / 'x.safetensors')
    planted = tmp_path / 'planted.safetensors'
    metadata = dict(mmeatrack_format='1', mmeatrack_model=json.dumps(model))
    save_file(dict(tracker.state_dict()), str(planted), metadata)
    with pytest.raises(ValueError, match=re.escape(f'names {name!r}')):
        read_published(planted)


def test_files_of_other_formats_are_refused(tmp_path, tracker) -> None:
    plain = tmp_path / 'plain.safetensors'
    save_file(dict(tracker.state_dict()), str(plain))
    with pytest.raises(RuntimeError, match='not a published tracker of format 1'):
        read_published(plain)
    newer = tmp_path / 'newer.safetensors'
    save_file(dict(tracker.state_dict()), str(newer), dict(mmeatrack_format='9'))
    with pytest.raises(RuntimeError, match="it says '9'"):
        read_published(newer)


def test_values_must_be_plain(tmp_path, tracker) -> None:
    with pytest.raises(ValueError, match='plain values'):
        publish(
            tracker_cfg(), tracker.state_dict(), dict(path=tmp_path), tmp_path / 'x.safetensors'
        )


def test_pth_file_is_equivalent(tmp_path, tracker) -> None:
    path = publish_toy(tracker, tmp_path / 'toy.pth')
    read = read_published(path)
    assert read.facts == FACTS
    assert read.model == json.loads(json.dumps(tracker_cfg()))
    assert_equal(read.state_dict, tracker)
    assert path == publish_toy(tracker, tmp_path / 'toy.pth')
    with pytest.raises(ValueError, match=r"ends in one of \['\.safetensors', '\.pth'\]"):
        publish_toy(tracker, tmp_path / 'toy.onnx')


def test_content_that_contradicts_the_hash_is_refused(tmp_path, tracker) -> None:
    path = publish_toy(tracker, tmp_path / 'toy.safetensors')
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(FileExistsError, match='exists with different content'):
        publish_toy(tracker, tmp_path / 'toy.safetensors')
    with pytest.raises(RuntimeError, match=r'SHA-256 begins with \w{8}, its name says .*copy it'):
        read_published(path)
    renamed = path.rename(tmp_path / 'mine.safetensors')
    assert set(read_published(renamed).state_dict) == set(tracker.state_dict())


@pytest.mark.parametrize('config', ['[1', '[' * 9999, '"text"', '[]'])
def test_malformed_config_is_refused(tmp_path, tracker, config: str) -> None:
    path = tmp_path / 'x.safetensors'
    metadata = dict(mmeatrack_format='1', mmeatrack_model=config)
    save_file(dict(tracker.state_dict()), str(path), metadata)
    with pytest.raises(RuntimeError, match=r'x\.safetensors: .*not a JSON object .*copy it again'):
        read_published(path)
