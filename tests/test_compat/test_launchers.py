"""The installed launch scripts of MMTrack and MMRazor."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from tests.forks import ROOT, free_port
from tests.toy_benchmark import LENGTHS, benchmark_cfg, make_benchmark

# Reads the command line like the scripts of both packages.
SCRIPT = """
import argparse, os, sys
from mmeatrack.compat import import_hook
parser = argparse.ArgumentParser()
parser.add_argument('config')
parser.add_argument('--launcher')
parser.add_argument('--local_rank', type=int, default=0)
parser.add_argument('--resume', action='store_true')
args = parser.parse_args()
rank = int(os.environ['LOCAL_RANK'])
found = [args.config, args.launcher, args.resume, args.local_rank, import_hook.is_in_use()]
open(f'rank_{rank}', 'w').write(str(found))
sys.exit(args.config == 'fail.py')
"""


def scripts_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / '.mim' / 'tools'


@pytest.mark.parametrize(('package', 'config'), [('mmtrack', 'toy.py'), ('mmrazor', 'fail.py')])
def test_processes_get_their_arguments_and_the_shims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, config: str
) -> None:
    shutil.copy(scripts_of(package) / 'dist_train.sh', tmp_path)
    (tmp_path / 'train.py').write_text(SCRIPT)
    monkeypatch.setenv('PORT', str(free_port()))
    monkeypatch.setenv('PATH', '/usr/bin:/bin')
    done = subprocess.run(
        [sys.executable, '-m', 'mmeatrack.compat', 'dist_train.sh', config, '1', '--resume'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == (config != 'fail.py'), done.stderr[-2000:]
    assert (tmp_path / 'rank_0').read_text() == str([config, 'pytorch', True, 0, True])


def test_both_packages_test_in_two_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The packages' own ``dist_test.sh`` and ``test.py``, started at the same time."""
    work_dirs = {package: tmp_path / package for package in ('mmtrack', 'mmrazor')}
    data, checkpoint = make_benchmark(tmp_path / 'data'), str(tmp_path / 'a.pth')
    torch.save(dict(state_dict=dict(weight=torch.zeros(1))), checkpoint)
    monkeypatch.setenv('PYTHONPATH', f'{ROOT}{os.pathsep}{tmp_path}')
    runs = {}
    for package, work_dir in work_dirs.items():
        cfg = benchmark_cfg(data, work_dir, with_weights=True)
        cfg['custom_imports'] = dict(imports=['mmeatrack', 'tests.toy_benchmark'])
        Config(dict(cfg, log_level='INFO')).dump(str(tmp_path / f'{package}_test.py'))
        given = dict(mmtrack=['2', '--checkpoint', checkpoint], mmrazor=[checkpoint, '2'])[package]
        script = [str(scripts_of(package) / 'dist_test.sh'), f'{package}_test.py', *given]
        runs[package] = subprocess.Popen(
            [sys.executable, '-m', 'mmeatrack.compat', *script, '--work-dir', str(work_dir)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=dict(os.environ, PORT=str(free_port())),
        )
    for package, work_dir in work_dirs.items():
        output = runs[package].communicate(timeout=500)[0]
        assert runs[package].returncode == 0, output[-3000:]
        assert 'GPU number: 2' in output  # MMEngine calls processes GPUs
        assert re.search(r'uav/success_auc: 53\.1500 .* uav/num_sequences: 4', output)
        written = (work_dir / 'raw_results' / 'Drift').glob('*.txt')
        assert {path.stem for path in written} >= LENGTHS.keys()
