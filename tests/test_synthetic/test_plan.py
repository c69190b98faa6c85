import numpy as np
import pytest

from mmeatrack.synthetic import SequenceSpec, plan_sequence
from mmeatrack.synthetic.plan import sequence_name


def _spec(**changes):
    settings = dict(
        split='test', index=3, scenario='rotation', num_frames=12, frame_size=(160, 120), seed=0
    )
    settings.update(changes)
    return SequenceSpec(**settings)


def test_the_name_holds_kind_scenario_and_number():
    plan = plan_sequence(_spec())
    assert sequence_name(plan.spec) == f'{plan.scenario.kind}_rotation_003'


def test_poses_and_matrices_agree():
    plan = plan_sequence(_spec())
    for frame, (x, y) in enumerate(plan.route.points):
        pose = plan.pose_at(frame, x, y, float(plan.route.headings(plan.route.arc)[frame]))
        expected = plan.poses[frame]
        assert (pose.x, pose.y) == pytest.approx((expected.x, expected.y), abs=1e-6)
        assert pose.scale == pytest.approx(expected.scale)
        assert np.cos(pose.angle - expected.angle) == pytest.approx(1.0)


def test_the_world_covers_every_frame():
    for scenario in ('scale_change', 'fast_motion', 'rotation'):
        plan = plan_sequence(_spec(scenario=scenario, num_frames=30))
        corners = np.array([[0.0, 0, 160, 160], [0, 120, 0, 120]])
        for matrix in plan.matrices:
            seen = np.linalg.solve(matrix[:, :2], corners - matrix[:, 2:])
            assert (seen >= 0).all()
            assert (seen.max(1) <= plan.world_size).all()


def test_the_world_scales_with_the_frame():
    small = plan_sequence(_spec(frame_size=(160, 120))).world_size
    large = plan_sequence(_spec(frame_size=(480, 360))).world_size
    assert max(small) < 600
    assert max(large) > 1.5 * max(small)


def test_the_target_has_the_size_of_the_scenario():
    plan = plan_sequence(_spec(scenario='static'))
    length, width = plan.target.extent()
    assert np.sqrt(length * width) * plan.scale == pytest.approx(plan.scenario.size)


def test_targets_face_their_direction_of_motion():
    plan = plan_sequence(_spec(scenario='illumination_change', num_frames=30))
    motion = np.diff(plan.route.points, axis=0)
    heading = np.arctan2(motion[:, 1], motion[:, 0])
    for frame in range(1, 29):
        turn = np.arctan2(plan.matrices[frame, 1, 0], plan.matrices[frame, 0, 0])
        assert np.cos(plan.poses[frame].angle - turn - heading[frame]) > 0.97


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(num_frames=1), 'num_frames is 1'),
        (dict(frame_size=(64, 120)), r'frame_size is \(64, 120\)'),
        (dict(frame_size=(4000, 3000)), '96 to 1920'),
        (dict(seed=-1), 'seed'),
        (dict(index=-1), 'index'),
    ],
)
def test_bad_specifications(changes, message):
    with pytest.raises(ValueError, match=message):
        _spec(**changes)
