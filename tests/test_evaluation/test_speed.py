import numpy as np
import pytest

from mmeatrack.evaluation.run_folder import SequenceResult
from mmeatrack.evaluation.speed import frames_per_second, run_speed


def make_result(name: str, seconds: list, network_seconds: list) -> SequenceResult:
    num_frames = len(seconds)
    return SequenceResult(
        name,
        np.ones((num_frames, 4)),
        np.ones(num_frames),
        np.array(seconds),
        np.array(network_seconds),
    )


def test_the_first_frame_does_not_count() -> None:
    assert frames_per_second(np.array([9.0, 0.1, 0.3])) == pytest.approx(2 / 0.4)


def test_frames_without_a_time_do_not_count() -> None:
    assert frames_per_second(np.array([np.nan, np.nan, 0.25])) == pytest.approx(4)
    assert frames_per_second(np.full(3, np.nan)) is None
    assert frames_per_second(np.array([0.5])) is None


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
