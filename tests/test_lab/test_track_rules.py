"""Counts behind the measurements of MultiTracker's rules."""

import numpy as np
import pytest

from lab import track_rules
from mmeatrack.multi import Track, TrackStatus

NAN = [np.nan] * 4


def clip(*boxes: object) -> track_rules.Clip:
    return track_rules.Clip('by hand', [], np.array(boxes, float)[:, None])


def track(state: str, box=(0.0, 0.0, 10.0, 10.0), deviation=2.0):
    status = TrackStatus(state, 1, box, (deviation, deviation, 1.0, 1.0), (0.0, 0.0))
    return {0: Track(0, box, 0.9, state == 'lost', status)}


def test_errors_are_counted_in_deviations_along_each_axis() -> None:
    """Centres 1 px and 3 px from the estimate, then 5 px and 0 px; the deviation is 2 px."""
    truth = clip([0, 0, 10, 10], [1, 3, 10, 10], [-5, 0, 10, 10], NAN, [0, 0, 20, 10])
    tracks = [track('tracking'), track('tracking'), track('tracking'), track('lost')]
    counts = track_rules.count_deviations(truth, tracks, 0)
    assert counts == {
        'tracking, values': 4,
        'tracking, within 1': 2,
        'tracking, within 2': 3,
        'lost, values': 2,
        'lost, within 1': 1,
        'lost, within 2': 1,
    }
    assert track_rules.shares([counts, counts]) == [
        ['tracking', '8', '0.50', '0.75'],
        ['lost', '4', '0.50', '0.50'],
    ]


@pytest.mark.parametrize(('place', 'found'), [((50.0, 0.0, 10.0, 10.0), 1), ((90.0, 0, 10, 10), 0)])
def test_a_return_is_found_only_on_the_target(place, found) -> None:
    here = [50, 0, 10, 10]
    truth = clip(here, *[NAN] * 14, *[here] * 5)
    tracks = [*[track('lost')] * 12, track('found'), track('found'), *[track('found', place)] * 5]
    counts = track_rules.count_absence(truth, tracks, 5)
    assert (counts['returns'], counts['found']) == (1, found)
    assert (counts['frames without target'], counts['false alarms']) == (4, 2)
    assert counts['right frames'] == 5 * found
