"""Comparative timing: tasks interleaved in one process, and ratios with confidence intervals.

A load on the machine slows all tasks alike, so that ratios hold where times do not.
"""

import time
from typing import Callable, Dict, Mapping, NamedTuple

import numpy as np
import torch

# Bootstrap samples of an interval, and its bounds in percent.
_RESAMPLES, _BORDERS = 1000, (2.5, 97.5)


class Ratio(NamedTuple):
    """Ratio of times with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f'{self.value:.3f} ({self.low:.3f} to {self.high:.3f})'


def waiting(task: Callable[[], object], device: str) -> Callable[[], None]:
    """The task, followed by a wait for the kernels that it started on a GPU."""

    def run() -> None:
        task()
        if device != 'cpu':
            torch.cuda.synchronize(device)

    return run


def interleave(
    tasks: Mapping[str, Callable[[], object]],
    rounds: int,
    seed: int = 0,
    clock: Callable[[], float] = time.perf_counter,
    on_round: Callable[[], object] = lambda: None,
) -> Dict[str, np.ndarray]:
    """Seconds (rounds,) by task, each run once per round, in a new random order.

    On a GPU a task has to wait for its own kernels, see :func:`waiting`. ``on_round`` is called
    after each round, outside the measured times.

    Raises:
        ValueError: If there is no task or no round.
    """
    if not tasks or rounds < 1:
        raise ValueError(f'{len(tasks)} tasks in {rounds} rounds: give 1 or more of both.')
    generator, names = np.random.default_rng(seed), list(tasks)
    seconds = {name: np.zeros(rounds) for name in names}
    for i in range(rounds):
        for k in generator.permutation(len(names)):
            began = clock()
            tasks[names[k]]()
            seconds[names[k]][i] = clock() - began
        on_round()
    return seconds


def ratio_of_rounds(above: np.ndarray, below: np.ndarray) -> Ratio:
    """Median over rounds of the ratio of two times (rounds,), measured in the same rounds."""
    ratios = above / below
    low, high = np.percentile(np.median(ratios[_drawn_rows(len(ratios))], axis=1), _BORDERS)
    return Ratio(float(np.median(ratios)), float(low), float(high))


def ratio_of_typical_periods(above: np.ndarray, below: np.ndarray) -> Ratio:
    """Ratio of the typical means of two periodic tasks, (periods, frames of a period) each.

    Unlike a median over all frames, :func:`typical_mean` counts work done once per period; unlike
    a plain mean, it ignores interruptions by other programs.
    """
    drawn = _drawn_rows(len(above))
    ratios = [typical_mean(above[rows]) / typical_mean(below[rows]) for rows in drawn]
    low, high = np.percentile(ratios, _BORDERS)
    return Ratio(typical_mean(above) / typical_mean(below), float(low), float(high))


def typical_mean(seconds: np.ndarray) -> float:
    """Mean over the frames of a period of their medians over periods (periods, frames)."""
    return float(np.median(seconds, axis=0).mean())


def _drawn_rows(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(count, size=(_RESAMPLES, count))
