"""Scripts in separate processes without the seconds that it takes to import the libraries.

One server imports them, and each script runs in a fork of it. Tests of the imports themselves, or
of an interpreter's exit, start a new Python instead.
"""

import multiprocessing
import os
import runpy
import socket
import sys
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import List, Optional, Union

import torch
from mmengine.config import Config

from mmeatrack.compat.scripts import mmtrack_script

PathLike = Union[str, Path]
ROOT = Path(__file__).resolve().parents[1]
SERVER = multiprocessing.get_context('forkserver')
SERVER.set_forkserver_preload(['tests.warm'])


@dataclass
class Fork:
    """Running or finished script."""

    process: BaseProcess
    log: Path

    def finish(self) -> int:
        """Wait for the end and return the exit status, -9 if it was killed."""
        self.process.join(timeout=240)
        if self.process.exitcode is None:
            self.process.kill()
            raise AssertionError(f'the script hangs: {self.output[-3000:]}')
        return self.process.exitcode

    @property
    def output(self) -> str:
        """Standard output and error of the scripts that share its log."""
        return self.log.read_text()


def start(*command: PathLike, cwd: Path, log: Path, **environment: str) -> Fork:
    """Start a script with its arguments in a folder, and append its output to ``log``."""
    inherited, os.environ['PYTHONPATH'] = os.environ.get('PYTHONPATH'), str(ROOT)
    try:  # the server inherits the environment of the first process
        arguments = [str(word) for word in command]
        process = SERVER.Process(target=_run, args=(arguments, cwd, log, environment))
        process.start()
    finally:
        del os.environ['PYTHONPATH']
        if inherited is not None:
            os.environ['PYTHONPATH'] = inherited
    return Fork(process, log)


def run(*command: PathLike, cwd: Path, log: Optional[Path] = None) -> Fork:
    """Run a script, which must succeed. The log is ``cwd/output.txt`` by default."""
    fork = start(*command, cwd=cwd, log=log or cwd / 'output.txt')
    assert fork.finish() == 0, fork.output[-3000:]
    return fork


def run_two(*command: PathLike, cwd: Path) -> List[Fork]:
    """Run a script in two processes, as ``torchrun`` does; both must succeed."""
    shared = dict(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(free_port()), WORLD_SIZE='2')
    forks = []
    for rank in ('0', '1'):
        ranks = dict(shared, RANK=rank, LOCAL_RANK=rank)
        forks.append(start(*command, cwd=cwd, log=cwd / f'log_{rank}.txt', **ranks))
    statuses = [fork.finish() for fork in forks]
    assert statuses == [0, 0], ''.join(fork.output[-3000:] for fork in forks)
    return forks


def run_test_in_two_processes(cfg: dict, folder: Path, *arguments: PathLike) -> None:
    """Run mmtrack's test.py, as installed, with ``--launcher pytorch``; it must succeed."""
    path = folder / 'two.py'
    Config(cfg).dump(str(path))
    run_two(mmtrack_script('test.py'), path, '--launcher', 'pytorch', *arguments, cwd=folder)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return int(listener.getsockname()[1])


def _run(command: List[str], cwd: Path, log: Path, environment: dict) -> None:
    os.environ.update(environment)
    os.chdir(cwd)
    stream = os.open(str(log), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    torch.set_num_threads(1)
    sys.argv = command
    sys.path.insert(0, str(Path(command[0]).parent))
    runpy.run_path(command[0], run_name='__main__')
