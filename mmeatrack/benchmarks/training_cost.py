"""What a distillation step costs beside the student's step and the teacher's forward."""

import time
from contextlib import contextmanager
from itertools import islice
from typing import Any, Callable, Dict, Iterator

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.runner import Runner

from mmeatrack.benchmarks.interleaving import interleave, ratio_of_rounds
from mmeatrack.benchmarks.peak_memory import peak_memory
from mmeatrack.benchmarks.report import BenchmarkReport
from mmeatrack.benchmarks.training_models import PARTS, build_step, training_batch

TIME_BOUND, MEMORY_BOUND = 1.10, 1.15
_WARM_UPS = 2


def time_steps(
    config: Config,
    batch_size: int,
    device: str,
    rounds: int,
    on_round: Callable[[], object] = lambda: None,
) -> Dict[str, np.ndarray]:
    """Seconds (rounds,) of student step, teacher forward and distillation step, by turns.

    Args:
        config: Config of a distillation.
        batch_size: Samples a step.
        device: 'cpu', 'cuda:0' ...
        rounds: Rounds after the warm-up.
        on_round: Called after each.
    """
    batch = training_batch(config, batch_size, device)
    tasks = {part: build_step(part, config, batch, device) for part in PARTS}
    interleave(tasks, _WARM_UPS)
    return interleave(tasks, rounds, on_round=on_round)


def report_times(report: BenchmarkReport, seconds: Dict[str, np.ndarray], batch_size: int) -> None:
    """Add the table of times, and the ratio against its bound."""
    names = dict(student='student step', teacher='teacher forward', distillation='distillation')
    rows = [
        [
            names[part],
            *(f'{1e3 * np.percentile(seconds[part], q):.1f}' for q in (50, 25, 75)),
            f'{batch_size / np.median(seconds[part]):.1f}',
        ]
        for part in PARTS
    ]
    report.table(['part', 'median ms', 'lower quartile', 'upper quartile', 'samples/s'], rows)
    ratio = ratio_of_rounds(seconds['distillation'], seconds['student'] + seconds['teacher'])
    what = 'distillation / (student step + teacher forward), median of paired rounds'
    report.verdict(what, ratio.value, TIME_BOUND, str(ratio))


def report_memory(
    report: BenchmarkReport, config: str, batch_size: int, device: str, threads: int
) -> None:
    """Measure the parts' peak memory and add its table and its ratio against the bound."""
    peaks = {part: peak_memory(part, config, batch_size, device, threads) for part in PARTS}
    rows = [[part, f'{peaks[part] / 2**20:.0f}'] for part in PARTS]
    report.table(['part, each in a process of its own', 'peak MiB'], rows)
    both = peaks['student'] + peaks['teacher']
    what = (
        "peak of a distillation / (peak of the student's training + peak of the teacher's "
        'forward), weights included'
    )
    report.verdict(what, peaks['distillation'] / both, MEMORY_BOUND)


def time_loader(config: Config, batches: int) -> float:
    """Samples per second of the config's training data, loaded by this process alone.

    Args:
        config: Config with a ``train_dataloader``.
        batches: Batches to time, after one to warm up.

    Raises:
        FileNotFoundError: If the data is not there.
    """
    cfg = dict(config.train_dataloader, num_workers=0, persistent_workers=False)
    cfg.pop('prefetch_factor', None)
    with _one_opencv_thread():
        loader: Any = iter(Runner.build_dataloader(cfg, seed=0))
        next(loader)
        began = time.perf_counter()
        count = sum(1 for _ in islice(loader, batches))
        return count * cfg['batch_size'] / (time.perf_counter() - began)


def report_loader(report: BenchmarkReport, loaded: float, used: float) -> None:
    """Add what the loader gives beside what the step uses, both in samples per second."""
    enough = max(1, int(np.ceil(used / loaded)))
    report.text(
        f'Loader on one core: {loaded:.1f} samples/s; the distillation step uses {used:.1f}: '
        f'num_workers={enough} keeps up.'
    )


@contextmanager
def _one_opencv_thread() -> Iterator[None]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(0)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
