from pathlib import Path
from typing import Any, Callable

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmeatrack.apis import load_tracker, track_frames
from mmeatrack.conversion import WeightsFile, convert_checkpoint, publish
from mmeatrack.conversion import published as published_trackers
from mmeatrack.conversion.published import WEIGHTS, shipped_trackers
from tests.toy_ostrack import ostrack_weights
from tests.toys import build, tracker_cfg


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Toy tracker published like the shipped ones, under the name 'toy'."""
    torch.manual_seed(0)
    model = build(tracker_cfg())
    path = publish(tracker_cfg(), model.state_dict(), {}, tmp_path / 'x.safetensors')
    monkeypatch.setattr(published_trackers, 'WEIGHTS', tmp_path)
    return path.rename(tmp_path / 'toy.safetensors')


def test_shipped_tracker_is_loaded_by_its_name(published: Path) -> None:
    torch.manual_seed(0)
    expected = build(tracker_cfg()).state_dict()
    loaded = load_tracker('toy', device='cpu')
    assert not loaded.training
    assert all(torch.equal(value, expected[key]) for key, value in loaded.state_dict().items())


def test_published_file_is_loaded_by_its_path(published: Path, tmp_path: Path) -> None:
    other = published.rename(tmp_path / 'elsewhere.safetensors')
    assert type(load_tracker(other, device='cpu')).__name__ == 'EATrack'


def test_truncated_file_is_refused(published: Path) -> None:
    published.write_bytes(published.read_bytes()[:-100])
    with pytest.raises(RuntimeError, match=r'toy\.safetensors'):
        load_tracker('toy', device='cpu')


def test_config_without_weights_is_refused(published: Path) -> None:
    for source in ('student.py', Config(dict(model={}))):
        with pytest.raises(ValueError, match=r"no checkpoint is given .*\['toy'\]"):
            load_tracker(source)


def test_missing_published_file_is_named(published: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'none\.safetensors: no such weights file'):
        load_tracker('none.safetensors')


def test_converted_ostrack_is_loaded_by_its_path(tmp_path: Path) -> None:
    weights = ostrack_weights(depth=1)
    file = WeightsFile('a file', weights, {})
    path = tmp_path / 'teacher.pth'
    torch.save(convert_checkpoint(file, 'auto', 'mmeatrack').content, path)
    tracker = load_tracker(path, device='cpu', cfg_options={'model.test_cfg.compat': 'ostrack'})
    qkv = tracker.backbone.joint_stage[0].attn.qkv.weight
    assert torch.equal(qkv, weights['backbone.blocks.0.attn.qkv.weight'])
    assert tracker.test_cfg['compat'] == 'ostrack'


def test_checkpoint_without_a_config_asks_for_it(tmp_path: Path) -> None:
    path = tmp_path / 'student.pth'
    torch.save(build(tracker_cfg()).state_dict(), path)
    with pytest.raises(RuntimeError, match=r'student\.pth .*or give a config along with it'):
        load_tracker(path)


NAMES = ['eatrack_nano', 'eatrack_pico']


def test_shipped_trackers_are_small_and_have_cards() -> None:
    assert shipped_trackers() == NAMES
    for name in NAMES:
        assert (WEIGHTS / f'{name}.safetensors').stat().st_size < 3_000_000
        assert 'licence' in (WEIGHTS / f'{name}.md').read_text(encoding='utf-8')


def grey_haze(frame: np.ndarray) -> np.ndarray:
    """Greyscale at a quarter of the contrast."""
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    return cv2.cvtColor((grey * 0.25 + 110).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def distant(frame: np.ndarray) -> np.ndarray:
    """A quarter of the size; the target has 6 x 10 px."""
    return cv2.resize(frame, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)


@pytest.fixture(scope='module', params=NAMES)
def shipped(request: pytest.FixtureRequest) -> Any:
    return load_tracker(request.param, device='cpu')


@pytest.mark.parametrize(('seen', 'scale'), [(np.asarray, 1.0), (grey_haze, 1.0), (distant, 0.25)])
def test_shipped_tracker_follows_a_target_over_noise(
    shipped: Any, seen: Callable[[np.ndarray], np.ndarray], scale: float
) -> None:
    rng = np.random.default_rng(0)
    ground = rng.integers(70, 110, (200, 300, 3), dtype=np.uint8)
    frames, truth = [], []
    for step in range(7):
        frame, x, y = ground.copy(), 60 + 7 * step, 80 + 4 * step
        frame[y : y + 40, x : x + 24] = (20, 20, 90)
        frame[y : y + 12, x : x + 24] = (230, 230, 230)
        frames.append(seen(frame))
        truth.append((x + 12, y + 20))
    box = [scale * value for value in (60, 80, 24, 40)]
    results = list(track_frames(shipped, frames, box))
    x, y, w, h = (value / scale for value in results[-1].box_xywh)
    assert (x + w / 2, y + h / 2) == pytest.approx(truth[-1], abs=6)
    assert w * h == pytest.approx(24 * 40, rel=0.35)
