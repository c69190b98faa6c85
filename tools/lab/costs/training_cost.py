"""Cost of a distillation step against the student's step and the teacher's forward pass."""

from typing import Any, Callable, Dict, Iterator, Optional

import numpy as np
from mmengine.config import Config
from mmengine.runner import Runner

from lab.costs.interleaving import interleave, ratio_of_rounds
from lab.costs.peak_memory import training_peak
from lab.costs.report import BenchmarkReport
from lab.costs.training_models import PARTS, build_step, training_batch

TIME_BOUND, MEMORY_BOUND = 1.10, 1.15
LOADER = 'loader'
_WARM_UPS = 2


def time_steps(
    config: Config,
    batch_size: int,
    device: str,
    rounds: int,
    batches: Optional[Iterator[Any]] = None,
    on_round: Callable[[], object] = lambda: None,
) -> Dict[str, np.ndarray]:
    """Seconds (rounds,) of student step, teacher forward and distillation step, interleaved.

    With ``batches`` from :func:`endless_batches`, loading one is a fourth task, ``LOADER``.
    """
    batch = training_batch(config, batch_size, device)
    tasks: Dict[str, Callable[[], object]] = {
        part: build_step(part, config, batch, device) for part in PARTS
    }
    if batches is not None:
        tasks[LOADER] = lambda: next(batches)
    interleave(tasks, _WARM_UPS)
    return interleave(tasks, rounds, on_round=on_round)


def report_times(report: BenchmarkReport, seconds: Dict[str, np.ndarray], batch_size: int) -> None:
    """Add the table of times, and their ratio against its bound."""
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
    """Measure the peak memory of the parts, and add its table and ratio against the bound."""
    peaks = {part: training_peak(part, config, batch_size, device, threads) for part in PARTS}
    rows = [[part, f'{peaks[part] / 2**20:.0f}'] for part in PARTS]
    report.table(['part, each in its own process', 'peak MiB'], rows)
    both = peaks['student'] + peaks['teacher']
    what = (
        "peak of a distillation / (peak of the student's training + peak of the teacher's "
        'forward), weights included'
    )
    report.verdict(what, peaks['distillation'] / both, MEMORY_BOUND)


def endless_batches(config: Config, batch_size: int) -> Iterator[Any]:
    """Endless batches of the config's training data, loaded in this process.

    Raises:
        FileNotFoundError: If the data is missing; raised at the first batch.
    """
    cfg = dict(
        config.train_dataloader, batch_size=batch_size, num_workers=0, persistent_workers=False
    )
    cfg.pop('prefetch_factor', None)
    loader = Runner.build_dataloader(cfg, seed=0)
    while True:
        yield from loader


def report_loader(report: BenchmarkReport, seconds: Dict[str, np.ndarray], batch_size: int) -> None:
    """Add the throughput of loader and step in samples per second."""
    loaded, used = (batch_size / np.median(seconds[name]) for name in (LOADER, 'distillation'))
    ratio = ratio_of_rounds(seconds[LOADER], seconds['distillation'])
    workers = int(np.ceil(ratio.value))
    report.text(
        f'Loader on one core: {loaded:.1f} samples/s; the distillation step uses {used:.1f}. '
        f"Loading takes {ratio} of the step's time: num_workers={workers} keeps up."
    )
