"""Statistics over runs of different seeds."""

import statistics
from typing import Sequence


def mean_and_error(values: Sequence[float]) -> str:
    """``mean ± standard error`` of the mean; a single value as it is.

    Args:
        values: One number for each seed.
    """
    mean = f'{statistics.mean(values):.1f}'
    if len(values) == 1:
        return mean
    return f'{mean} ± {statistics.stdev(values) / len(values) ** 0.5:.1f}'
