"""Peak memory of a training or a tracking, each in a process of its own."""

import ctypes
import gc
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import torch

if TYPE_CHECKING:
    from lab.costs.speed_trackers import Line

_CLEAR, _STATUS = Path('/proc/self/clear_refs'), Path('/proc/self/status')
# The optimizer's moments exist after the first step; the second one has the full peak.
_STEPS = 3
_FRAMES = 12


def check_process_memory() -> None:
    """Raise RuntimeError on a system without Linux's files of a process's memory."""
    if not os.access(_CLEAR, os.W_OK) or not _STATUS.is_file():
        raise RuntimeError(
            f"a process's memory is read from {_STATUS} after a write to {_CLEAR}, which is not "
            'possible here: measure on Linux.'
        )


def resident_bytes(peak: bool = False) -> int:
    """Resident memory of this process; with ``peak``, the highest since its last reset."""
    name = 'VmHWM:' if peak else 'VmRSS:'
    lines = _STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024


def training_peak(part: str, config: str, batch_size: int, device: str, threads: int) -> int:
    """Peak bytes of a part of :func:`build_step`: weights, gradients, moments, activations.

    On a CPU: the highest resident memory of a fresh process, less that after the imports and a
    warm-up of the libraries. On a GPU: the bytes that torch allocated.

    Raises:
        RuntimeError: If the system does not report a process's peak memory.
    """
    if device == 'cpu':
        check_process_memory()
    return _in_fresh_process(threads, _measure_training, part, config, batch_size, device)


def tracking_peak(line: 'Line', device: str, threads: int) -> int:
    """Peak bytes of main memory for building a tracker and tracking, without the libraries.

    Raises:
        RuntimeError: If the system does not report a process's peak memory.
    """
    check_process_memory()
    return _in_fresh_process(threads, _measure_tracking, line, device, threads)


def _in_fresh_process(threads: int, measure: Callable[..., int], *arguments: Any) -> int:
    with ProcessPoolExecutor(1, get_context('spawn')) as pool:
        return pool.submit(_prepare_and_run, threads, measure, *arguments).result()


def _prepare_and_run(threads: int, measure: Callable[..., int], *arguments: Any) -> int:
    from mmtrack.utils import register_all_modules

    torch.set_num_threads(threads)
    register_all_modules(init_default_scope=True)
    return measure(*arguments)


def _measure_training(part: str, config: str, batch_size: int, device: str) -> int:
    from mmengine.config import Config

    from lab.costs.training_models import build_step, training_batch

    loaded = Config.fromfile(config)
    batch = training_batch(loaded, batch_size, device)
    if device == 'cpu':
        # Memory that the libraries keep would count as that of every part.
        build_step('distillation', loaded, training_batch(loaded, 1, device), device)()
        gc.collect()
        libc = ctypes.CDLL(None)
        if hasattr(libc, 'malloc_trim'):  # glibc keeps freed memory, which the models would reuse
            libc.malloc_trim(0)
        before = _reset_peak()
    else:
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
    step = build_step(part, loaded, batch, device)
    for _ in range(_STEPS):
        step()
    peak = resident_bytes(peak=True) if device == 'cpu' else torch.cuda.max_memory_allocated(device)
    return peak - before


def _measure_tracking(line: 'Line', device: str, threads: int) -> int:
    from lab.costs.speed import noise_video
    from lab.costs.speed_trackers import build

    video = noise_video(_FRAMES)
    before = _reset_peak()
    x, y, w, h = (float(value) for value in video.boxes[0])
    list(build(line, device, threads).run(video.frames, (x, y, w, h)))
    return resident_bytes(peak=True) - before


def _reset_peak() -> int:
    """Reset the peak to the current resident memory, and return that."""
    _CLEAR.write_text('5')
    return resident_bytes()
