import numpy as np
import pytest

from mmeatrack.synthetic.camera import linear_parts, plan_positions, plan_zoom
from mmeatrack.synthetic.scenario import Scenario

FRAME = (200, 150)


def _scenario(**changes):
    settings = dict(
        name='rotation', kind='car', biome='urban', size=20.0, step=0.2, turn=0.0, wander=0.0
    )
    settings.update(changes)
    return Scenario(**settings)


def _positions(seed=0, num_frames=80, **changes):
    motion = np.tile([[6.0, 2.0]], (num_frames, 1))
    sizes, reach = np.full(num_frames, 20.0), np.full(num_frames, 14.0)
    rng = np.random.default_rng(seed)
    return plan_positions(rng, _scenario(**changes), motion, sizes, reach, FRAME)


def test_zoom_rises_between_its_ends():
    zoom = plan_zoom(np.random.default_rng(0), _scenario(zoom=(0.45, 1.0)), 50)
    assert zoom[0] == pytest.approx(0.45)
    assert zoom[-1] == pytest.approx(1.0)
    assert (np.diff(zoom) >= 0).all()


def test_linear_parts_scale_and_turn():
    matrices = linear_parts(np.array([2.0]), np.array([np.pi / 2]))
    np.testing.assert_allclose(matrices[0] @ [1.0, 0.0], [0.0, 2.0], atol=1e-12)


@pytest.mark.parametrize('seed', range(5))
def test_the_target_stays_whole_in_the_frame_and_steps_stay_small(seed):
    points = _positions(seed)
    assert (points >= 14).all()
    assert (points <= np.array(FRAME) - 14).all()
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert steps.max() <= 0.68 * 20 + 1e-9


@pytest.mark.parametrize('seed', range(5))
def test_fast_motion_stays_within_its_limit(seed):
    points = _positions(seed, pace_limit=1.35)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1) / 20
    assert steps.max() <= 1.35 + 1e-9
    assert (steps > 0.8).sum() >= 2
    assert (points >= 14).all()


@pytest.mark.parametrize('seed', range(5))
def test_a_leaving_target_leaves_once_and_returns(seed):
    points = _positions(seed, leaves=True, pace_limit=0.3)
    middle = (np.array(FRAME) - 1) / 2
    outside = (np.abs(points - middle) > middle + 14).any(1)
    assert 3 <= outside.sum() <= 20
    assert np.abs(np.diff(outside.astype(int))).sum() == 2
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).max() < 0.8 * 20
