"""The identity of a test run has everything that determines its raw results."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DATASETS
from torch import nn

from mmeatrack.engine.run_identity import data_identity, run_identity
from tests.toy_benchmark import benchmark_cfg, make_benchmark


@pytest.fixture(scope='module')
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_benchmark(tmp_path_factory.mktemp('benchmark') / 'data')


@pytest.fixture
def root(original: Path, tmp_path: Path) -> Path:
    """Copy of the benchmark for a test to change."""
    return Path(shutil.copytree(original, tmp_path / 'data'))


def identity(root: Path, **options: Any) -> Dict[str, Any]:
    cfg = dict(benchmark_cfg(root, root)['test_dataloader']['dataset'], **options)
    return data_identity(DATASETS.build(cfg))


def change_a_box(root: Path) -> None:
    path = root / 'walker' / 'groundtruth_rect.txt'
    boxes = np.loadtxt(path, delimiter=',')
    boxes[0, 0] += 1
    np.savetxt(path, boxes, delimiter=',')


def change_the_last_frame(root: Path) -> None:
    """Flip one bit, which keeps the size."""
    path = max((root / 'car' / 'img').iterdir())
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(bytes(content))


def resize_a_frame(root: Path) -> None:
    path = sorted((root / 'quad' / 'img').iterdir())[1]
    cv2.imwrite(str(path), cv2.resize(cv2.imread(str(path)), None, fx=2, fy=2))


def rename_a_frame(root: Path) -> None:
    path = max((root / 'boat' / 'img').iterdir())
    path.rename(path.with_name(f'99999{path.suffix}'))


def remove_a_sequence(root: Path) -> None:
    shutil.rmtree(root / 'boat')


@pytest.mark.parametrize(
    'change',
    [change_a_box, change_the_last_frame, resize_a_frame, rename_a_frame, remove_a_sequence],
)
def test_content_changes_the_identity(root: Path, change: Callable[[Path], None]) -> None:
    before = identity(root)
    assert identity(root) == before
    change(root)
    after = identity(root)
    assert after['content_sha256'] != before['content_sha256']
    assert after['root'] == before['root'] == str(root)


def test_location_changes_the_identity(original: Path, root: Path) -> None:
    here, there = identity(original), identity(root)
    assert here['content_sha256'] == there['content_sha256']
    assert (here['root'], there['root']) == (str(original), str(root))


def test_relative_root_is_resolved(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = identity(root)
    monkeypatch.chdir(root.parent)
    assert identity(Path('data')) == expected


def test_prefix_changes_the_identity(root: Path) -> None:
    (root / 'part').mkdir()
    shutil.move(str(root / 'car'), str(root / 'part' / 'car'))
    whole, part = identity(root), identity(root, data_prefix=dict(img_path='part'))
    assert part != whole
    assert part['folders'] == dict(img_path=str(root / 'part'))


def test_identity_is_json(root: Path) -> None:
    found = identity(root)
    assert json.loads(json.dumps(found)) == found
    assert found['type'] == 'UAVSOTDataset'


def runner_of(root: Path, **changes: Any) -> Any:
    cfg = Config(benchmark_cfg(root, root))
    cfg.merge_from_dict(changes)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    return SimpleNamespace(
        cfg=cfg, model=nn.Linear(1, 1), test_dataloader=SimpleNamespace(dataset=dataset)
    )


@pytest.mark.parametrize(
    ('changes', 'is_same'),
    [
        ({'model.with_weights': True}, False),
        ({'test_cfg.fp16': True}, False),
        ({'test_dataloader.dataset.img_folder': './img'}, False),
        ({'custom_hooks': [dict(type='mmeatrack.TemporalAdaptationHook')]}, False),
        ({'load_from': 'a.pth'}, False),
        ({'data_preprocessor': dict(type='mmtrack.TrackDataPreprocessor')}, False),
        ({'work_dir': 'elsewhere'}, True),
        ({'test_dataloader.num_workers': 2}, True),
        ({'default_hooks.logger': dict(type='LoggerHook', interval=7)}, True),
        ({'test_evaluator.absent': 'hit'}, True),
    ],
)
def test_settings_change_the_identity_if_they_affect_results(
    root: Path, changes: dict, is_same: bool
) -> None:
    same = run_identity(runner_of(root)) == run_identity(runner_of(root, **changes))
    assert same == is_same


def test_boxes_of_nan_compare_equal(root: Path) -> None:
    """The toy benchmark has an absent target."""
    truth = np.loadtxt(root / 'car' / 'groundtruth_rect.txt', delimiter=',')
    assert np.isnan(truth).any()
    assert identity(root) == identity(root)
