"""Peak memory of a part of training, each in a process of its own."""

import ctypes
import gc
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import torch

from lab.costs.process_memory import (
    check_process_memory,
    forget_peak,
    peak_resident_bytes,
    resident_bytes,
)
from lab.costs.training_models import build_step, training_batch

# The optimizer's moments are there after the first step; the second is the full one.
_STEPS = 3


def peak_memory(part: str, config: str, batch_size: int, device: str, threads: int) -> int:
    """Peak bytes of a part of training: weights, gradients, moments, activations.

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
    if device == 'cpu':
        check_process_memory()
    with ProcessPoolExecutor(1, get_context('spawn')) as pool:
        return pool.submit(_measure, part, config, batch_size, device, threads).result()


def _measure(part: str, config: str, batch_size: int, device: str, threads: int) -> int:
    from mmengine.config import Config
    from mmtrack.utils import register_all_modules

    torch.set_num_threads(threads)
    register_all_modules(init_default_scope=True)
    loaded = Config.fromfile(config)
    batch = training_batch(loaded, batch_size, device)
    on_cpu = device == 'cpu'
    if on_cpu:
        _warm_up(loaded, device)
        forget_peak()
    else:
        torch.cuda.reset_peak_memory_stats(device)
    before = resident_bytes() if on_cpu else torch.cuda.memory_allocated(device)
    step = build_step(part, loaded, batch, device)
    for _ in range(_STEPS):
        step()
    return (peak_resident_bytes() if on_cpu else torch.cuda.max_memory_allocated(device)) - before


def _warm_up(config: Any, device: str) -> None:
    """Warm up the libraries: memory that they keep would count as that of every part."""
    build_step('distillation', config, training_batch(config, 1, device), device)()
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, 'malloc_trim'):  # glibc keeps freed memory, where the next models would fit
        libc.malloc_trim(0)
