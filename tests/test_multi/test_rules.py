"""Sweep of a lost target and tracks on one object, by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from mmeatrack.multi import TrackRules
from mmeatrack.multi.crossings import Crossings, iou
from mmeatrack.multi.redetection import Sweep, best_candidate
from mmeatrack.tracking import LostDetector


def test_sweep_covers_the_frame_from_the_last_place_outwards() -> None:
    sweep = Sweep((150.0, 20.0, 10.0, 10.0), (200, 100), 4.0)
    covered = np.zeros((100, 200), int)
    for window in sweep.windows:
        assert window.size == 40
        margin = window.size // 4
        covered[
            max(window.y1 + margin, 0) : window.y1 + 3 * margin,
            max(window.x1 + margin, 0) : window.x1 + 3 * margin,
        ] += 1
    assert covered[10:90, 10:190].all(), 'each place is in the middle half of a window'
    first = sweep.take(2)
    assert all(abs(w.x1 + 20 - 150) <= 20 and abs(w.y1 + 20 - 20) <= 20 for w in first)
    rest = [sweep.take(2) for _ in range(len(sweep.windows) // 2)]
    assert rest[-1][1] == first[0] or rest[-1] == first
    assert len(Sweep((50.0, 50.0, 60.0, 60.0), (200, 100), 4.0).take(5)) == 1


def test_swept_area_grows_from_half_a_window_by_shares_of_the_target() -> None:
    """A target of 10 px, windows of 40 px with a step of 20: 20 px at first, 5 px more a frame."""
    sweep = Sweep((100.0, 100.0, 10.0, 10.0), (200, 200), 4.0, growth=0.5)
    farthest = []
    for _ in range(12):
        taken = sweep.take(200)
        assert len({(w.x1, w.y1) for w in taken}) == len(taken)
        farthest.append(max(np.hypot(w.x1 + 20 - 100, w.y1 + 20 - 100) for w in taken))
    reach = 20 + 5 * np.arange(1, 13)
    assert (farthest <= reach).all()
    assert (farthest > reach - 20).all()


@pytest.mark.parametrize(
    ('score', 'peaks', 'place'),
    [(0.1, (0.4, 0.9), 70), (0.1, (0.3, 0.7), 10), (0.6, (0.9, 0.9), 10)],
)
def test_best_candidate_is_taken_where_the_search_shows_nothing(score, peaks, place) -> None:
    state = SimpleNamespace(
        box=(10.0, 10.0, 3.0, 3.0),
        sure_box=(20.0, 20.0, 8.0, 6.0),
        confidence=None,
        lost_detector=LostDetector(),
    )
    found = [((60.0 + 10 * i, 5.0, 30.0, 30.0), [peak, 0.0, 0.0]) for i, peak in enumerate(peaks)]
    assert best_candidate(state, found, score) == (place == 70)
    assert state.box == ((70.0, 5.0, 8.0, 6.0) if place == 70 else (10.0, 10.0, 3.0, 3.0))


def test_nearer_candidate_is_preferred_for_a_while_after_a_finding() -> None:
    """Found 60 px from where it was last seen; then one 50 px and one 20 px from there."""
    sweep = Sweep((10.0, 10.0, 8.0, 6.0), (200, 100), 4.0, growth=None)
    state = SimpleNamespace(
        box=(70.0, 10.0, 8.0, 6.0),
        sure_box=(70.0, 10.0, 8.0, 6.0),
        confidence=None,
        lost_detector=LostDetector(),
    )
    state.lost_detector.declare_lost()
    assert not sweep.is_over(state)
    state.lost_detector.lost = False
    assert not sweep.is_over(state)
    own, far, near = (((x, 10.0, 9.0, 9.0), [0.9, 0.0, 0.0]) for x in (11.0, 60.0, 30.0))
    sweep.resolve(state, [own, far], 0.9)
    assert state.box[0] == 70
    sweep.resolve(state, [own, far, near], 0.9)
    assert state.box == (30.0, 10.0, 8.0, 6.0)
    sweep.resolve(state, [own, ((21.0, 10.0, 9.0, 9.0), [0.9, 0.0, 0.0])], 0.9)
    assert state.box[0] == 30, 'only half as far is nearer'
    assert [sweep.is_over(state) for _ in range(30)] == [False] * 29 + [True]


def states(*given):
    return {
        key: SimpleNamespace(box=box, cues=SimpleNamespace(agreement=agreement))
        for key, box, agreement in given
    }


def test_weaker_track_is_the_one_that_looks_less_like_itself() -> None:
    """Track 1 agrees less than 2 with its template always, but only 2 has fallen."""
    crossings = Crossings(TrackRules(crossing_frames=3))
    here, there = (50.0, 50.0, 20.0, 10.0), (90.0, 50.0, 20.0, 10.0)
    for _ in range(20):
        assert crossings.weaker(states((1, here, 0.6), (2, there, 0.9))) == {}
    assert crossings.is_alone(1)
    together = states((1, here, 0.6), (2, (52.0, 50.0, 20.0, 10.0), 0.7))
    assert [crossings.weaker(together) for _ in range(3)] == [{}, {}, {2: 1}]
    assert not crossings.is_alone(2)


def test_tracks_that_pass_each_other_are_left_alone() -> None:
    crossings = Crossings(TrackRules(crossing_frames=3))
    here = (50.0, 50.0, 20.0, 10.0)
    for _ in range(4):
        for box in (here, here, (80.0, 50.0, 20.0, 10.0)):
            assert crossings.weaker(states((1, here, 0.6), (2, box, 0.7))) == {}


def test_iou_by_hand() -> None:
    assert iou((5, 5, 10, 10), (10, 5, 10, 10)) == pytest.approx(1 / 3)
    assert iou((5, 5, 10, 10), (50, 5, 10, 10)) == 0
