"""Two processes on this machine, as ``--launcher pytorch`` has them."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from mmengine.config import Config

from mmeatrack.compat.scripts import mmtrack_script

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return int(listener.getsockname()[1])


def run_test_in_two_processes(cfg: dict, folder: Path, *arguments: str) -> None:
    """Run mmtrack's test.py, as it is installed, with ``--launcher pytorch``; it has to succeed."""
    path = folder / 'two.py'
    Config(cfg).dump(str(path))
    completed = subprocess.run(
        [
            *(sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2'),
            *(f'--master_port={free_port()}', str(mmtrack_script('test.py')), str(path)),
            *('--launcher', 'pytorch', *arguments),
        ],
        cwd=folder,
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1'),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr[-3000:]
