import numpy as np
import pytest

from mmeatrack.synthetic import SequenceSpec, generate_sequence
from mmeatrack.synthetic.plan import plan_sequence
from mmeatrack.synthetic.renderer import Renderer, streak, streak_ground, target_mask


def _spec(scenario='rotation', index=0, num_frames=5):
    return SequenceSpec('test', index, scenario, num_frames, (160, 120))


def test_frames_and_their_ground_truth_are_reproducible():
    frames, again = list(generate_sequence(_spec())), list(generate_sequence(_spec()))
    assert len(frames) == 5
    for frame, other in zip(frames, again):
        assert frame.image.shape == (120, 160, 3)
        assert frame.image.dtype == np.uint8
        assert np.array_equal(frame.image, other.image)
        assert frame.box.tolist() == other.box.tolist()
        assert 0 <= frame.visibility <= 1
        assert frame.image.std() > 8


def test_another_seed_gives_another_world():
    first = next(generate_sequence(_spec())).image
    spec = SequenceSpec('test', 0, 'rotation', 5, (160, 120), seed=1)
    assert np.abs(first.astype(int) - next(generate_sequence(spec)).image).mean() > 5


def _without_target(plan, frame):
    painter = Renderer(plan)
    painter._draw_target = lambda image, number: None
    return painter.frame(frame)


@pytest.mark.parametrize('scenario', ['static', 'small_target', 'illumination_change'])
def test_the_target_is_drawn_where_its_mask_is(scenario):
    plan = plan_sequence(_spec(scenario))
    with_target = Renderer(plan).frame(2).astype(int)
    change = np.abs(with_target - _without_target(plan, 2)).max(2)
    mask = target_mask(plan, 2) > 200
    assert change[mask].mean() > 12
    # Far from it nothing changes: its shadow and wake stay near.
    rows, columns = np.nonzero(mask)
    yy, xx = np.mgrid[:120, :160]
    far = np.hypot(xx - columns.mean(), yy - rows.mean()) > 70
    assert change[far].max() <= 1


def test_a_hidden_target_changes_no_pixel():
    for index in range(20):
        plan = plan_sequence(_spec('absence', index, 40))
        if plan.scenario.hidden:
            break
    seen = [frame.visibility for frame in generate_sequence(plan.spec)]
    frame = int(np.argmin(seen))
    assert seen[frame] < 0.01
    mask = target_mask(plan, frame) > 0
    change = np.abs(Renderer(plan).frame(frame).astype(int) - _without_target(plan, frame))
    assert mask.any()
    assert change[mask].mean() < 1


def _blob():
    picture = np.zeros((80, 90, 3), np.uint8)
    picture[36:45, 41:50] = 255
    return picture


def _moments(picture):
    weight = picture[..., 0].astype(float)
    yy, xx = np.mgrid[: picture.shape[0], : picture.shape[1]]
    x, y = (xx * weight).sum() / weight.sum(), (yy * weight).sum() / weight.sum()
    spread = ((xx - x) ** 2 * weight).sum() / weight.sum()
    return x, y, spread, weight.sum()


@pytest.mark.parametrize(('blur', 'tolerance'), [(streak, 0.1), (streak_ground, 1.0)])
@pytest.mark.parametrize('vector', [(16.0, 0.0), (-9.0, 5.0), (3.0, -12.0)])
def test_motion_blur_is_centred_and_as_long_as_the_motion(blur, tolerance, vector):
    before, after = _moments(_blob()), _moments(blur(_blob(), np.array(vector)))
    assert after[:2] == pytest.approx(before[:2], abs=tolerance)
    assert after[3] == pytest.approx(before[3], rel=0.03)
    # An even blur over a length adds its square over 12 to the variance.
    assert after[2] - before[2] == pytest.approx(vector[0] ** 2 / 12, rel=0.25, abs=1.5)


@pytest.mark.parametrize('blur', [streak, streak_ground])
def test_motion_below_a_pixel_causes_no_blur(blur):
    assert np.array_equal(blur(_blob(), np.array([0.5, 0.5])), _blob())
