"""Comparative timing: tasks interleaved in one process, and ratios with an interval.

A load on the machine slows all tasks alike: ratios hold where times do not.
"""

import time
from typing import Callable, Dict, Mapping, NamedTuple

import numpy as np

# Resamplings behind an interval, and its borders in percent.
_RESAMPLES, _BORDERS = 1000, (2.5, 97.5)


class Ratio(NamedTuple):
    """A ratio of times.

    Attributes:
        value: The ratio.
        low, high: Its 95 % bootstrap interval.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f'{self.value:.3f} ({self.low:.3f} to {self.high:.3f})'


def interleave(
    tasks: Mapping[str, Callable[[], object]],
    rounds: int,
    seed: int = 0,
    clock: Callable[[], float] = time.perf_counter,
    on_round: Callable[[], object] = lambda: None,
) -> Dict[str, np.ndarray]:
    """Time interleaved tasks: each once a round, in a new random order every round.

    Args:
        tasks: What to time, by name. On a GPU a task must wait for its own kernels.
        rounds: Rounds, at least 1.
        seed: Of the orders.
        clock: Gives seconds.
        on_round: Called after each round, outside the times.

    Returns:
        Seconds (rounds,) by name.

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


def ratio_of_rounds(above: np.ndarray, below: np.ndarray, seed: int = 0) -> Ratio:
    """Median of the rounds' ratios.

    Args:
        above, below: Seconds (rounds,) of the same rounds.
        seed: Of the bootstrap over rounds.
    """
    ratios = above / below
    drawn = _draw_rows(len(ratios), seed)
    low, high = np.percentile(np.median(ratios[drawn], axis=1), _BORDERS)
    return Ratio(float(np.median(ratios)), float(low), float(high))


def ratio_of_typical_periods(above: np.ndarray, below: np.ndarray, seed: int = 0) -> Ratio:
    """Ratio of the mean times of two periodic tasks, robust against interruptions.

    The mean over a period of the medians at each of its places: it counts what is done once a
    period, which a median over all frames leaves out, and not what the machine did besides.

    Args:
        above, below: Seconds (periods, frames of a period), measured side by side.
        seed: Of the bootstrap over periods.
    """
    drawn = _draw_rows(len(above), seed)
    ratios = [typical_mean(above[rows]) / typical_mean(below[rows]) for rows in drawn]
    low, high = np.percentile(ratios, _BORDERS)
    return Ratio(typical_mean(above) / typical_mean(below), float(low), float(high))


def typical_mean(seconds: np.ndarray) -> float:
    """Mean over a period of the medians at each of its frames; (periods, frames of a period)."""
    return float(np.median(seconds, axis=0).mean())


def _draw_rows(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(count, size=(_RESAMPLES, count))
