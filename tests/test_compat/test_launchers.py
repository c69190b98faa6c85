"""The launching scripts of MMTrack and MMRazor, as they are installed."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forks import free_port

# Reads the command line as the scripts of both packages do.
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
