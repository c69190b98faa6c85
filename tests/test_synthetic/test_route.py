import numpy as np
import pytest

from mmeatrack.synthetic.route import Course, Route, plan_route


def _course(**changes):
    settings = dict(step=4.0, turn=0.0, wander=0.0, radius=40.0, corners=False, extent=2000.0)
    settings.update(changes)
    return Course(**settings)


def _plan(num_frames=60, seed=0, **changes):
    return plan_route(np.random.default_rng(seed), num_frames, _course(**changes))


def test_steps_have_the_given_mean():
    steps = np.linalg.norm(np.diff(_plan(240).points, axis=0), axis=1)
    assert steps.mean() == pytest.approx(4.0, rel=0.12)
    assert steps.max() < 4.0 * 1.5


def test_a_course_without_turn_is_straight():
    route = _plan()
    headings = route.headings(route.arc)
    assert np.ptp(headings) < 1e-6
    chord = np.linalg.norm(route.points[-1] - route.points[0])
    assert chord == pytest.approx(route.arc[-1] - route.arc[0], rel=1e-6)


@pytest.mark.parametrize('corners', [False, True])
@pytest.mark.parametrize('turn', [1.5, -2.0])
def test_the_heading_turns_by_the_given_angle(turn, corners):
    route = _plan(turn=turn, corners=corners)
    headings = route.headings(route.arc)
    assert headings[-1] - headings[0] == pytest.approx(turn, abs=0.2)


def test_corners_respect_the_smallest_radius():
    route = _plan(turn=1.5, corners=True)
    arc = np.arange(route.arc[0], route.arc[-1], 1.0)
    curvature = np.abs(np.gradient(route.headings(arc)))
    # Smoothstep's steepest slope is 1.5 times its mean, over twice the arc's angle.
    assert curvature.max() < 1.6 / 40


def test_headings_follow_the_motion():
    route = _plan(turn=1.0, wander=0.3)
    motion = np.diff(route.points, axis=0)
    angles = np.arctan2(motion[:, 1], motion[:, 0])
    error = angles - route.headings(route.arc)[:-1]
    assert np.abs(np.arctan2(np.sin(error), np.cos(error))).max() < 0.1


def test_a_route_beyond_its_extent_is_travelled_more_slowly():
    route = _plan(extent=100.0)
    assert np.ptp(route.points, axis=0).max() < 110


def test_moving_a_route_moves_its_points():
    route = _plan()
    moved = route.moved(np.array([5.0, -3.0]))
    assert isinstance(moved, Route)
    np.testing.assert_allclose(moved.points - route.points, [[5.0, -3.0]] * 60, atol=1e-9)
