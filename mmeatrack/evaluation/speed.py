"""Frames per second of a test run."""

from typing import Dict, Iterable, Optional, Tuple

import numpy as np

from mmeatrack.evaluation.run_folder import SequenceResult


def frames_per_second(seconds: np.ndarray) -> Optional[float]:
    """Frames per second over the frames after the first, whose time was measured.

    Args:
        seconds: Shape (N,), time of each frame; NaN where it was not measured. Frame 0 sets
            the tracker up and is left out.

    Returns:
        Frames per second, or None if no time was measured.
    """
    measured = seconds[1:][np.isfinite(seconds[1:])]
    total = measured.sum()
    return float(len(measured) / total) if total > 0 else None


def run_speed(results: Iterable[SequenceResult]) -> Tuple[dict, Dict[str, dict]]:
    """Speed of a run: all frames over all seconds.

    Args:
        results: The sequences.

    Returns:
        ``fps`` (end to end) and ``network_fps`` over all sequences, and by sequence.
    """
    results = list(results)
    per_sequence = {
        result.name: _speeds(result.seconds, result.network_seconds) for result in results
    }
    first = np.full(1, np.nan)
    total = _speeds(
        np.concatenate([first] + [result.seconds[1:] for result in results]),
        np.concatenate([first] + [result.network_seconds[1:] for result in results]),
    )
    return total, per_sequence


def _speeds(seconds: np.ndarray, network_seconds: np.ndarray) -> dict:
    """Both speeds by their names in reports."""
    return dict(fps=frames_per_second(seconds), network_fps=frames_per_second(network_seconds))
