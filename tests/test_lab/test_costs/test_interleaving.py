from typing import Dict, List

import numpy as np
import pytest

from lab.costs import interleave, ratio_of_rounds, ratio_of_typical_periods
from lab.costs.interleaving import typical_mean


class FakeClock:
    """Clock that advances by the cost of each task."""

    def __init__(self, costs: Dict[str, List[float]]) -> None:
        self.now, self.costs, self.order = 0.0, {k: list(v) for k, v in costs.items()}, ''

    def __call__(self) -> float:
        return self.now

    def run(self, name: str) -> None:
        self.order += name
        self.now += self.costs[name].pop(0)


def test_each_task_runs_once_per_round() -> None:
    costs = {'a': [1.0, 2.0, 4.0] * 4, 'b': [3.0, 5.0, 7.0] * 4}
    clock = FakeClock(costs)
    rounds = []
    seconds = interleave(
        {name: (lambda name=name: clock.run(name)) for name in costs},
        rounds=12,
        clock=clock,
        on_round=lambda: rounds.append(clock.order[-2:]),
    )
    assert seconds['a'].tolist() == costs['a']
    assert seconds['b'].tolist() == costs['b']
    assert len(rounds) == 12
    assert set(rounds) == {'ab', 'ba'}  # both tasks in every round, in both orders


def test_no_task_or_no_round_is_refused() -> None:
    with pytest.raises(ValueError, match='0 tasks in 3 rounds'):
        interleave({}, 3)
    with pytest.raises(ValueError, match='1 tasks in 0 rounds'):
        interleave({'a': int}, 0)


def test_rounds_are_paired() -> None:
    below = np.array([1.0, 10.0, 100.0, 2.0, 20.0])  # the machine slows down and recovers
    ratio = ratio_of_rounds(below * [1.1, 1.2, 1.3, 1.2, 9.0], below)
    assert ratio.value == pytest.approx(1.2)
    assert ratio.low >= 1.1
    assert ratio.high <= 9.0
    assert ratio_of_rounds(2 * below, below) == (2.0, 2.0, 2.0)


def test_a_typical_mean_counts_the_costly_frame_but_no_interruption() -> None:
    below = np.ones((5, 4))
    above = np.ones((5, 4))
    above[:, 3] = 1.4  # the frame that takes a view
    above[2, 1] = 50.0  # an interruption
    assert typical_mean(above) == pytest.approx(1.1)
    ratio = ratio_of_typical_periods(above, below)
    assert ratio.value == pytest.approx(1.1)
    assert ratio.low == pytest.approx(1.1)
    assert np.median(above) == 1.0  # a median over all frames misses the costly one
