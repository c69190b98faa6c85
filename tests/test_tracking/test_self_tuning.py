import numpy as np
import pytest
import torch

from mmeatrack.tracking import TargetStore
from mmeatrack.tracking.self_tuning import ScoreStatistics, interval_ends, least_score


def test_statistics_equal_those_of_numpy() -> None:
    scores = np.random.default_rng(0).random(50)
    statistics = ScoreStatistics()
    assert (statistics.mean, statistics.deviation) == (0, 0)
    for score in scores:
        statistics.update(float(score))
    assert statistics.mean == pytest.approx(scores.mean())
    assert statistics.deviation == pytest.approx(scores.std())


def test_automatic_threshold_follows_the_scores() -> None:
    statistics = ScoreStatistics()
    for score in (0.85, 0.95):
        statistics.update(score)  # mean 0.9, deviation 0.05
    assert least_score('auto', statistics) == pytest.approx(0.95)
    assert least_score(0.4, statistics) == 0.4
    for score in (0.1, 0.9) * 20:
        statistics.update(score)
    assert least_score('auto', statistics) == pytest.approx(0.91874, abs=1e-4)
    for _ in range(500):
        statistics.update(0.0)
    assert least_score('auto', statistics) == 0.9
    surest = ScoreStatistics()
    surest.update(0.999)
    assert least_score('auto', surest) == 0.99


def test_automatic_interval_ends_when_the_score_falls() -> None:
    statistics = ScoreStatistics()
    for score in (0.6, 0.8):
        statistics.update(score)  # mean 0.7, deviation 0.1
    assert not interval_ends('auto', 9, 2, 0.1, statistics)
    assert interval_ends('auto', 9, 3, 0.59, statistics)
    assert not interval_ends('auto', 9, 14, 0.61, statistics)
    assert interval_ends('auto', 9, 15, 0.61, statistics)
    assert [frame for frame in range(1, 13) if interval_ends(4, frame, 1, 0.0, statistics)] == [
        4, 8, 12,
    ]  # fmt: skip


def test_store_tunes_itself() -> None:
    store = TargetStore(threshold='auto', interval='auto')
    scores = [0.95, 0.94, 0.98, 0.95, 0.5, 0.96, 0.995, *[0.92] * 14]
    ends, offered = [], []
    for frame, score in enumerate(scores, start=1):
        offered.append(store.offer(frame, score, (0, 0, 1, 1), lambda: torch.zeros(1, 1, 1)))
        if store.due(frame, score):
            ends.append(frame)
    # The first is its own mean. Frame 5 falls below; the best so far was frame 3. After that fall
    # nothing below 0.99 stands out.
    assert offered[:7] == [True, False, True, False, False, False, True]
    assert ends == [5, 20]
    assert [entry.frame for entry in store.entries] == [3, 7]


@pytest.mark.parametrize('name', ['threshold', 'interval'])
def test_other_strings_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}='often' must .*, or be 'auto'\."):
        TargetStore(**{name: 'often'})
