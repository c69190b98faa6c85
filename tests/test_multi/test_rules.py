"""Sweep for a lost target, and two tracks on one object."""

from types import SimpleNamespace

import numpy as np
import pytest

from mmeatrack.multi.crossings import Crossings, iou
from mmeatrack.multi.redetection import Sweep, move_to_best
from mmeatrack.tracking import LostDetector


def test_sweep_covers_the_frame_outwards_from_the_last_sighting() -> None:
    sweep = Sweep((150.0, 20.0, 10.0, 10.0), (200, 100), 4.0, None)
    covered = np.zeros((100, 200), int)
    for window in sweep.windows:
        assert window.size == 40
        margin = window.size // 4
        covered[
            max(window.y1 + margin, 0) : window.y1 + 3 * margin,
            max(window.x1 + margin, 0) : window.x1 + 3 * margin,
        ] += 1
    assert covered[10:90, 10:190].all(), 'some place is in the middle half of no window'
    first = sweep.take(2)
    assert all(abs(w.x1 + 20 - 150) <= 20 and abs(w.y1 + 20 - 20) <= 20 for w in first)
    rest = [sweep.take(2) for _ in range(len(sweep.windows) // 2)]
    assert rest[-1][1] == first[0] or rest[-1] == first
    assert len(Sweep((50.0, 50.0, 60.0, 60.0), (200, 100), 4.0, None).take(5)) == 1


def test_swept_area_grows_from_half_a_window_in_proportion_to_the_target() -> None:
    """Target of 10 px, windows of 40 px at steps of 20: radius 20 px, plus 5 px per frame."""
    sweep = Sweep((100.0, 100.0, 10.0, 10.0), (200, 200), 4.0, growth=0.5)
    farthest = []
    for _ in range(12):
        taken = sweep.take(200)
        assert len({(w.x1, w.y1) for w in taken}) == len(taken)
        farthest.append(max(np.hypot(w.x1 + 20 - 100, w.y1 + 20 - 100) for w in taken))
    reach = 20 + 5 * np.arange(1, 13)
    assert (farthest <= reach).all()
    assert (farthest > reach - 20).all()


def state_at(box, sure_box) -> SimpleNamespace:
    detector = LostDetector()
    return SimpleNamespace(box=box, sure_box=sure_box, confidence=None, lost_detector=detector)


@pytest.mark.parametrize(
    ('score', 'peaks', 'place'),
    [(0.1, (0.4, 0.9), 70), (0.1, (0.3, 0.7), 10), (0.6, (0.9, 0.9), 10)],
)
def test_best_candidate_is_taken_if_the_regular_search_shows_nothing(score, peaks, place) -> None:
    state = state_at((10.0, 10.0, 3.0, 3.0), (20.0, 20.0, 8.0, 6.0))
    found = [((60.0 + 10 * i, 5.0, 30.0, 30.0), [peak, 0.0, 0.0]) for i, peak in enumerate(peaks)]
    assert move_to_best(state, found, score) == (place == 70)
    assert state.box == ((70.0, 5.0, 8.0, 6.0) if place == 70 else (10.0, 10.0, 3.0, 3.0))


def test_nearer_candidate_is_preferred_for_a_while_after_a_redetection() -> None:
    """Redetected 60 px from the last sighting; then candidates at 50 px and 20 px."""
    sweep = Sweep((10.0, 10.0, 8.0, 6.0), (200, 100), 4.0, growth=None)
    state = state_at((70.0, 10.0, 8.0, 6.0), (70.0, 10.0, 8.0, 6.0))
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
    assert state.box[0] == 30, 'nearer means less than half as far'
    assert [sweep.is_over(state) for _ in range(30)] == [False] * 29 + [True]


def states(*given):
    return {
        key: SimpleNamespace(box=box, cues=SimpleNamespace(agreement=agreement))
        for key, box, agreement in given
    }


def test_weaker_track_is_the_one_whose_agreement_has_fallen() -> None:
    """Track 1 always agrees less with its template than track 2, but only 2 has fallen."""
    crossings = Crossings(overlap=0.5, frames=3)
    here, there = (50.0, 50.0, 20.0, 10.0), (90.0, 50.0, 20.0, 10.0)
    for _ in range(20):
        assert crossings.weaker(states((1, here, 0.6), (2, there, 0.9))) == {}
    assert crossings.is_alone(1)
    together = states((1, here, 0.6), (2, (52.0, 50.0, 20.0, 10.0), 0.7))
    assert [crossings.weaker(together) for _ in range(3)] == [{}, {}, {2: 1}]
    assert not crossings.is_alone(2)


def test_tracks_that_pass_each_other_are_left_alone() -> None:
    crossings = Crossings(overlap=0.5, frames=3)
    here = (50.0, 50.0, 20.0, 10.0)
    for _ in range(4):
        for box in (here, here, (80.0, 50.0, 20.0, 10.0)):
            assert crossings.weaker(states((1, here, 0.6), (2, box, 0.7))) == {}


def test_iou_by_hand() -> None:
    assert iou((5, 5, 10, 10), (10, 5, 10, 10)) == pytest.approx(1 / 3)
    assert iou((5, 5, 10, 10), (50, 5, 10, 10)) == 0
