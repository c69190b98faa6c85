"""The pytorch launcher trains on CPUs with a config's usual backend, nccl."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

WORKER = """
import sys
import mmeatrack
import torch
from pathlib import Path
from tests.test_compat.toy_runner import build_runner

torch.set_num_threads(1)
options = {'dist_cfg': {'backend': 'nccl'}}
runner = build_runner(Path(sys.argv[1]), epochs=1, launcher='pytorch', env_cfg=options)
runner.train()
weight = runner.model.module.linear.weight.detach()
gathered = [torch.empty_like(weight) for _ in range(2)]
torch.distributed.all_gather(gathered, weight)
print('backend', torch.distributed.get_backend(), 'wrapper', type(runner.model).__name__)
print('iterations', runner.iter, 'equal', torch.equal(*gathered))
torch.distributed.destroy_process_group()
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return int(listener.getsockname()[1])


@pytest.mark.skipif(torch.cuda.is_available(), reason='this machine has CUDA, and so nccl')
def test_two_processes_train_together(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    script = tmp_path / 'worker.py'
    script.write_text(WORKER)
    shared = {
        'MASTER_ADDR': '127.0.0.1',
        'MASTER_PORT': str(free_port()),
        'WORLD_SIZE': '2',
        'PYTHONPATH': str(root),
        'OMP_NUM_THREADS': '1',
    }
    workers = [
        subprocess.Popen(
            [sys.executable, '-W', 'ignore', str(script), str(tmp_path / 'work')],
            env={**os.environ, **shared, 'RANK': str(rank), 'LOCAL_RANK': str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    outputs = [worker.communicate(timeout=240)[0] for worker in workers]
    for worker, output in zip(workers, outputs):
        assert worker.returncode == 0, output
        assert 'backend gloo wrapper MMDistributedDataParallel' in output
        assert 'iterations 2 equal True' in output  # eight samples, two a step, two processes
    assert (tmp_path / 'work' / 'epoch_1.pth').is_file()
    assert "using the backend 'gloo' in place of 'nccl'" in ''.join(outputs)
