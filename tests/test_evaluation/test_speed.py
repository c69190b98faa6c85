import numpy as np
import pytest

from mmeatrack.evaluation.run_folder import SequenceResult
from mmeatrack.evaluation.speed import run_speed


def make_result(name: str, seconds: list, network_seconds: list) -> SequenceResult:
    num_frames = len(seconds)
    return SequenceResult(
        name,
        np.ones((num_frames, 4)),
        np.ones(num_frames),
        np.array(seconds),
        np.array(network_seconds),
    )


def test_frames_without_a_time_do_not_count() -> None:
    seconds = [np.nan, np.nan, 0.25]
    total, _ = run_speed([make_result('a', seconds, [np.nan] * 3)])
    assert total == dict(fps=pytest.approx(4), network_fps=None)
    total, _ = run_speed([make_result('a', [0.5], [9.0])])  # the first frame is not tracked
    assert total == dict(fps=None, network_fps=None)


def test_run_speed_is_all_frames_over_all_seconds() -> None:
    total, per_sequence = run_speed(
        [
            make_result('a', [np.nan, 0.1, 0.1], [np.nan] * 3),
            make_result('b', [5.0, 0.5], [np.nan, 0.25]),
        ]
    )

    assert total == dict(fps=pytest.approx(3 / 0.7), network_fps=pytest.approx(4))
    assert per_sequence['a'] == dict(fps=pytest.approx(10), network_fps=None)
    assert per_sequence['b'] == dict(fps=pytest.approx(2), network_fps=pytest.approx(4))
