"""Peak memory of a part of training, each in a process of its own."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

_CLEAR, _STATUS = Path('/proc/self/clear_refs'), Path('/proc/self/status')
# The optimizer's moments are there after the first step; the second is the full one.
_STEPS = 3


def peak_memory(part: str, config: str, batch_size: int, device: str, threads: int) -> int:
    """Bytes that a part of training takes at most: weights, gradients, moments, activations.

    On a CPU: the highest resident memory of a fresh process less what it had after the imports and
    a warm-up of the libraries, before the models were built. On a GPU: what torch allocated.

    Args:
        part: 'student', 'teacher' or 'distillation', see :func:`build_step`.
        config: Path of a distillation's config.
        batch_size: Samples a step.
        device: 'cpu', 'cuda:0' ...
        threads: Threads of the CPU.

    Raises:
        RuntimeError: If the system does not tell a process's highest resident memory.
    """
    if device == 'cpu' and not os.access(_CLEAR, os.W_OK):
        raise RuntimeError(
            f'the highest resident memory is read from {_STATUS} after a write to {_CLEAR}, which '
            'is not possible here: measure on Linux or on a GPU, or leave it out with '
            '--without memory.'
        )
    with ProcessPoolExecutor(1, get_context('spawn')) as pool:
        return pool.submit(_measure, part, config, batch_size, device, threads).result()


def _measure(part: str, config: str, batch_size: int, device: str, threads: int) -> int:
    from mmengine.config import Config
    from mmtrack.utils import register_all_modules

    from mmeatrack.benchmarks.training_models import build_step, training_batch

    torch.set_num_threads(threads)
    register_all_modules(init_default_scope=True)
    loaded = Config.fromfile(config)
    batch = training_batch(loaded, batch_size, device)
    on_cpu = device == 'cpu'
    if on_cpu:
        _warm_up()
        _CLEAR.write_text('5')  # the highest resident memory starts anew
    else:
        torch.cuda.reset_peak_memory_stats(device)
    before = _resident('VmRSS') if on_cpu else torch.cuda.memory_allocated(device)
    step = build_step(part, loaded, batch, device)
    for _ in range(_STEPS):
        step()
    return (_resident('VmHWM') if on_cpu else torch.cuda.max_memory_allocated(device)) - before


def _warm_up() -> None:
    """Let the libraries take what they keep, which would count in every part else."""
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Flatten(2), torch.nn.Linear(36, 8))
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.zeros(1, 3, 8, 8)).softmax(dim=-1).sum().backward()
    optimizer.step()


def _resident(name: str) -> int:
    """``VmRSS`` or ``VmHWM`` of this process in bytes."""
    lines = _STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ':')) * 1024
