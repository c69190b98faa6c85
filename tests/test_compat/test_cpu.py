import os
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest
import torch
from mmengine.model import MMDistributedDataParallel, convert_sync_batchnorm
from mmengine.optim import AmpOptimWrapper
from torch import nn

from mmeatrack.models.wrappers import running_statistics
from tests.forks import ROOT, free_port, run_two
from tests.toys import build, distill_cfg

WORKER = """
import sys
import torch
from pathlib import Path
from tests.test_compat.toy_runner import build_runner

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

# Rank 0 leaves a tensor to gloo's thread, which is still deleting it when the script ends.
LATE_THREAD = """
import time

import mmeatrack
import torch
from mmengine.dist import get_rank, init_dist


class SlowlyDeleted(torch.Tensor):
    def __del__(self):
        time.sleep(2)


def leave_a_tensor():
    tensor = torch.ones(3).as_subclass(SlowlyDeleted)
    torch.distributed.all_reduce(tensor, async_op=True)


init_dist('pytorch', backend='gloo')
# Like a runner with a distributed model: in a cycle, which only the collector frees.
cycle = [torch.distributed.group.WORLD]
cycle.append(cycle)
del cycle
torch.distributed.barrier()
if get_rank() == 0:
    leave_a_tensor()
    time.sleep(1)
else:
    time.sleep(0.5)
    torch.distributed.all_reduce(torch.ones(3))
print('the script has ended', flush=True)
"""


def run_two_pythons(code: str, folder: Path) -> List[str]:
    """Outputs of two interpreters that run a script together; both must succeed."""
    script = folder / 'worker.py'
    script.write_text(code)
    shared = {
        'MASTER_ADDR': '127.0.0.1',
        'MASTER_PORT': str(free_port()),
        'WORLD_SIZE': '2',
        'PYTHONPATH': str(ROOT),
        'OMP_NUM_THREADS': '1',
    }
    workers = [
        subprocess.Popen(
            [sys.executable, '-W', 'ignore', str(script)],
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
    return outputs


@pytest.mark.skipif(torch.cuda.is_available(), reason='this machine has CUDA, and so nccl')
def test_two_processes_train_together(tmp_path: Path) -> None:
    (tmp_path / 'worker.py').write_text(WORKER)
    ranks = run_two(tmp_path / 'worker.py', tmp_path / 'work', cwd=tmp_path)
    outputs = [rank.output for rank in ranks]
    for output in outputs:
        assert 'backend gloo wrapper MMDistributedDataParallel' in output
        assert 'iterations 2 equal True' in output  # 8 samples, 2 processes, batches of 2
    assert (tmp_path / 'work' / 'epoch_1.pth').is_file()
    assert "using the backend 'gloo' instead of 'nccl'" in ''.join(outputs)


@pytest.mark.skipif(torch.cuda.is_available(), reason='this machine has CUDA, and so nccl')
def test_threads_of_the_group_end_before_the_interpreter(tmp_path: Path) -> None:
    for output in run_two_pythons(LATE_THREAD, tmp_path):
        assert 'the script has ended' in output


@torch.no_grad()
def test_sync_bn_is_refused_on_the_cpu_and_keeps_the_names() -> None:
    model = build(distill_cfg()).train()
    names, statistics = list(model.state_dict()), list(running_statistics(model))
    shared = convert_sync_batchnorm(model, 'torch').train()
    assert any(isinstance(module, nn.SyncBatchNorm) for module in shared.modules())
    assert list(shared.state_dict()) == names
    assert list(running_statistics(shared)) == statistics
    assert any(name.startswith('architecture.head') for name in statistics)
    assert not any(name.startswith('teacher') for name in statistics)  # frozen
    assert any(name.startswith('teacher') for name, _ in model.named_buffers())
    with pytest.raises(RuntimeError, match=r'sync_bn needs GPUs.*sync_bn=None'):
        MMDistributedDataParallel(shared, device_ids=[0])


pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason='CUDA has mixed precision')


def test_amp_steps_in_bfloat16() -> None:
    model = nn.Linear(3, 2)
    amp = AmpOptimWrapper(dtype='bfloat16', optimizer=torch.optim.SGD(model.parameters(), lr=0.5))
    bias = model.bias.detach().clone()
    with amp.optim_context(model):
        output = model(torch.ones(4, 3))
    assert output.dtype == torch.bfloat16
    amp.update_params(output.float().sum())
    # The bias's gradient is the number of rows, not multiplied by a loss scale.
    torch.testing.assert_close(model.bias.detach(), bias - 0.5 * 4)
    assert amp.state_dict()['loss_scaler'] == {}


def test_float16_is_refused() -> None:
    amp = AmpOptimWrapper(
        dtype='float16', optimizer=torch.optim.SGD(nn.Linear(3, 2).parameters(), lr=0.1)
    )
    with pytest.raises(AssertionError, match=r'only support `torch\.bfloat16`'):
        amp.optim_context(nn.Linear(3, 2)).__enter__()
