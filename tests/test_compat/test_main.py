"""``python -m mmeatrack.compat`` runs scripts as Python would, with the shims in place."""

import os
import subprocess
import sys
from pathlib import Path
from typing import List

import mmrazor
import pytest
import torch
from mmengine.logging import HistoryBuffer

from tests.forks import ROOT


def run(*arguments: str, cwd: Path) -> 'subprocess.CompletedProcess[str]':
    command: List[str] = [sys.executable, '-W', 'ignore', '-m', 'mmeatrack.compat', *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def test_script_sees_its_arguments_folder_and_name(tmp_path: Path) -> None:
    folder = tmp_path / 'scripts'
    folder.mkdir()
    (folder / 'beside.py').write_text("WORD = 'beside'\n")
    (folder / 'script.py').write_text(
        'import sys\nfrom beside import WORD\n'
        'print(__name__, sys.argv[1:], WORD, __file__ == sys.argv[0])\n'
        'sys.exit(3)\n'
    )
    done = run('scripts/script.py', '--option', 'x y', '-h', cwd=tmp_path)
    assert done.stdout == "__main__ ['--option', 'x y', '-h'] beside True\n"
    assert done.returncode == 3


CONFIG = """
default_scope = 'mmrazor'
custom_imports = dict(imports=['toy_parts'], allow_failed_imports=False)
model = dict(type='mmengine.ToyModel')
train_dataloader = dict(
    dataset=dict(type='mmengine.ToyDataset'),
    batch_size=2,
    sampler=dict(type='DefaultSampler', shuffle=True),
)
train_cfg = dict(by_epoch=True, max_epochs=1)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
log_level = 'WARNING'
"""
PARTS = """
from mmengine.registry import DATASETS, MODELS
from tests.test_compat.toy_runner import ToyDataset, ToyModel
DATASETS.register_module(module=ToyDataset)
MODELS.register_module(module=ToyModel)
"""


def test_mmrazors_own_script_trains_unmodified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'config.py').write_text(CONFIG)
    (tmp_path / 'toy_parts.py').write_text(PARTS)
    monkeypatch.setenv('PYTHONPATH', f'{ROOT}{os.pathsep}{tmp_path}')
    script = Path(mmrazor.__file__).parent / '.mim' / 'tools' / 'train.py'
    done = run(str(script), 'config.py', '--work-dir', 'work', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'work' / 'epoch_1.pth').is_file()


def test_scripts_torch_load_accepts_logs_and_runs_nothing(tmp_path: Path) -> None:
    torch.save({'log': HistoryBuffer([1.0, 2.0], [1, 1])}, tmp_path / 'log.pth')
    (tmp_path / 'planted.pth').write_bytes(b'cposix\nsystem\n(S"touch marker"\ntR.')
    (tmp_path / 'script.py').write_text(
        'import torch\n'
        "print(torch.load('log.pth', map_location='cpu')['log'].statistics('max'))\n"
        "torch.load('planted.pth')\n"
    )
    done = run('script.py', cwd=tmp_path)
    assert done.stdout == '2.0\n'
    assert "it asks for 'posix.system'" in done.stderr
    assert not (tmp_path / 'marker').exists()


def test_missing_script_is_named(tmp_path: Path) -> None:
    done = run('nothing.py', cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("There is no script 'nothing.py'.")


def test_without_a_script_the_versions_are_listed(tmp_path: Path) -> None:
    done = run(cwd=tmp_path)
    assert done.returncode == 0
    assert 'usage: python -m mmeatrack.compat SCRIPT' in done.stdout
    assert f'torch      {torch.__version__}' in done.stdout
