"""Checkpoints of MMEngine's Runner load unchanged; code in a checkpoint is refused and not run."""

import io
import tarfile
from pathlib import Path
from typing import Any, Dict

import mmengine.runner.checkpoint as loaders
import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader, load_checkpoint

from mmeatrack.compat.checkpoint import load_checkpoint_file, load_checkpoint_url
from tests.test_compat.toy_runner import ToyModel, build_runner

SCHEDULERS = [
    {'type': 'LinearLR', 'start_factor': 0.1, 'end': 4, 'by_epoch': False},
    {'type': 'MultiStepLR', 'milestones': [1, 2]},
    {'type': 'CosineAnnealingLR', 'T_max': 3},
    {'type': 'OneCycleLR', 'eta_max': 0.1, 'total_steps': 100, 'by_epoch': False},
]


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Any:
    runner = build_runner(tmp_path_factory.mktemp('toy'), schedulers=SCHEDULERS)
    runner.train()
    return runner


def same(ours: Any, theirs: Any) -> bool:
    """Compare nested data, arrays and logs exactly, including their types."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, (list, tuple)):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, torch.Tensor):
        return ours.dtype == theirs.dtype and torch.equal(ours, theirs)
    if isinstance(ours, np.ndarray):
        return ours.dtype == theirs.dtype and np.array_equal(ours, theirs)
    if isinstance(ours, HistoryBuffer):
        return same(ours.data, theirs.data)
    return bool(ours == theirs)


def test_runners_checkpoint_loads_with_every_value(trained: Any) -> None:
    path = Path(trained.work_dir) / 'epoch_2.pth'
    loaded = CheckpointLoader.load_checkpoint(str(path))
    trusted = torch.load(path, weights_only=False)  # written by this test
    assert list(loaded) == list(trusted)
    for key in ('meta', 'state_dict', 'optimizer', 'param_schedulers'):
        assert same(loaded[key], trusted[key]), key
    logs = loaded['message_hub']['log_scalars']
    assert len(logs['train/loss'].data[0]) == 8  # two epochs of four iterations
    assert same(dict(logs), dict(trusted['message_hub']['log_scalars']))
    assert logs['train/loss'].statistics('max') == logs['train/loss'].data[0].max()
    assert loaded['state_dict']._metadata == trusted['state_dict']._metadata


def test_run_resumes_where_it_stopped(trained: Any, tmp_path: Path) -> None:
    runner = build_runner(
        tmp_path,
        epochs=3,
        schedulers=SCHEDULERS,
        load_from=str(Path(trained.work_dir) / 'epoch_2.pth'),
        resume=True,
    )
    runner.train()
    assert (runner.epoch, runner.iter) == (3, 12)
    steps = {int(s['step']) for s in runner.optim_wrapper.optimizer.state_dict()['state'].values()}
    assert steps == {12}
    assert len(runner.message_hub.get_scalar('train/loss').data[0]) == 12


def test_load_checkpoint_fills_a_model(trained: Any) -> None:
    model = ToyModel()
    load_checkpoint(model, str(Path(trained.work_dir) / 'epoch_2.pth'), strict=True)
    assert torch.equal(model.linear.weight, trained.model.linear.weight)


@pytest.mark.parametrize('zipped', [True, False])
def test_both_file_formats_and_streams(tmp_path: Path, zipped: bool) -> None:
    saved: Dict[str, Any] = {
        'f32': torch.arange(6.0).reshape(2, 3).t(),
        'f16': torch.ones(2, dtype=torch.float16),
        'i64': torch.tensor(7),
        'parameter': torch.nn.Parameter(torch.ones(2)),
        'numpy': np.array([[1, 2], [3, 4]], order='F'),
        'scalars': (np.float64(0.25), np.int32(-3), np.bool_(True)),
        'text': np.array(['a', 'bc']),
        'set': {1, 2},
        'dtype': torch.bfloat16,
        'size': torch.Size([1, 2]),
        'bytes': b'\x00\xff',
        'config': ConfigDict(a=1, b={'c': [2, {'d': 3}]}),  # as in a dataset's meta information
    }
    path = tmp_path / 'checkpoint.pth'
    torch.save(saved, path, _use_new_zipfile_serialization=zipped)
    assert same(load_checkpoint_file(path), saved)
    assert same(load_checkpoint_file(io.BytesIO(path.read_bytes())), saved)


def test_every_loader_of_mmengine_is_safe() -> None:
    assert loaders.torch.load is load_checkpoint_file
    assert loaders.load_url is load_checkpoint_url
    assert loaders.torch.nn is torch.nn
    assert torch.load is not load_checkpoint_file  # other importers get torch's own


def test_download_is_loaded_safely_and_kept(tmp_path: Path) -> None:
    source = tmp_path / 'remote' / 'tiny.pth'
    source.parent.mkdir()
    torch.save({'state_dict': {'weight': torch.ones(2)}}, source)
    folder = tmp_path / 'hub'
    for _ in range(2):  # the second time from the folder
        loaded = load_checkpoint_url(source.as_uri(), str(folder), progress=False)
        assert torch.equal(loaded['state_dict']['weight'], torch.ones(2))
        source.unlink(missing_ok=True)
    assert [p.name for p in folder.iterdir()] == ['tiny.pth']


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'gone\.pth'):
        load_checkpoint_file(tmp_path / 'gone.pth')


@pytest.mark.parametrize('zipped', [True, False])
def test_truncated_file_is_named(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / 'half.pth'
    torch.save({'w': torch.ones(1000)}, path, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(RuntimeError, match=r'half\.pth.*copy it again'):
        load_checkpoint_file(path)


@pytest.mark.parametrize('content', [b'', b'hello', b'PK\x03\x04 no archive', b'\x80\x02.'])
def test_file_that_is_not_a_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'other.pth'
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match=r'other\.pth'):
        load_checkpoint_file(path)


def test_torchscript_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'scripted.pt'
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 1), torch.ones(1, 2)), str(path))
    with pytest.raises(RuntimeError, match=r'scripted\.pt.*nothing of it was run.*TorchScript'):
        load_checkpoint_file(path)


def test_tar_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'old.pth'
    with tarfile.open(path, 'w') as archive:
        archive.add(__file__, 'storages')
    with pytest.raises(RuntimeError, match=r'old\.pth.*nothing of it was run.*the tar format'):
        load_checkpoint_file(path)
