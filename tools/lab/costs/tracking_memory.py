"""Peak memory of a tracking, in a process of its own."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from lab.costs.process_memory import (
    check_process_memory,
    forget_peak,
    peak_resident_bytes,
    resident_bytes,
)
from lab.costs.speed_trackers import Line

_FRAMES = 12


def tracking_peak(line: Line, device: str, threads: int) -> int:
    """Peak bytes of the main memory that a tracker and a tracking take, libraries aside.

    Args:
        line: The tracker.
        device: 'cpu', 'cuda:0' ...
        threads: Threads of the CPU.

    Raises:
        RuntimeError: If the system does not tell a process's highest resident memory.
    """
    check_process_memory()
    with ProcessPoolExecutor(1, get_context('spawn')) as pool:
        return pool.submit(_measure, line, device, threads).result()


def _measure(line: Line, device: str, threads: int) -> int:
    import torch
    from mmtrack.utils import register_all_modules

    from lab.costs.speed import noise_video
    from lab.costs.speed_trackers import build

    torch.set_num_threads(threads)
    register_all_modules(init_default_scope=True)
    video = noise_video(_FRAMES)
    forget_peak()
    before = resident_bytes()
    x, y, w, h = (float(value) for value in video.boxes[0])
    list(build(line, device, threads).run(video.frames, (x, y, w, h)))
    return peak_resident_bytes() - before
