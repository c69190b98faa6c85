"""Ground truth against rendered masks, and attributes against their definitions."""

import numpy as np
import pytest

from mmeatrack.synthetic import SCENARIOS, SequenceSpec, annotate, plan_sequence
from mmeatrack.synthetic.annotation import cover_alpha, is_static, pace
from mmeatrack.synthetic.renderer import target_mask

FRAME = (160, 120)


def _make(scenario, index, num_frames=30, split='test', mixing=0.5):
    spec = SequenceSpec(split, index, scenario, num_frames, FRAME, 0, mixing)
    plan = plan_sequence(spec)
    return plan, annotate(plan)


def _amodal(plan):
    return np.array([plan.target.box(pose) for pose in plan.poses])


@pytest.mark.parametrize('scenario', SCENARIOS)
def test_boxes_fit_the_rendered_mask(scenario):
    for index in range(3):
        plan, annotation = _make(scenario, index)
        for frame in range(0, 30, 5):
            if np.isnan(annotation.boxes[frame, 0]):
                continue
            rows, columns = np.nonzero(target_mask(plan, frame) >= 128)
            left, top = columns.min(), rows.min()
            measured = [left, top, columns.max() + 1 - left, rows.max() + 1 - top]
            x, y, w, h = annotation.boxes[frame]
            edges = np.array([x - left, y - top, x + w - columns.max() - 1, y + h - rows.max() - 1])
            assert np.abs(edges).max() <= 1.0, (plan.scenario, frame, measured)


@pytest.mark.parametrize('scenario', ['occlusion', 'absence'])
def test_visibility_is_the_visible_share_of_the_rendered_mask(scenario):
    for index in range(3):
        plan, annotation = _make(scenario, index)
        for frame in range(0, 30, 4):
            mask = target_mask(plan, frame) / 255
            seen = (mask * (1 - cover_alpha(plan, frame, (0, 0, *FRAME)))).sum()
            opaque = plan.target.looks[0][plan.poses[frame].phase][..., 3].sum() / 255
            area = opaque * (plan.poses[frame].scale / plan.target.resolution) ** 2
            assert annotation.visibility[frame] == pytest.approx(seen / area, abs=0.06)


@pytest.mark.parametrize('scenario', SCENARIOS)
def test_the_dominant_attribute_holds_and_comes_first(scenario):
    for index in range(8):
        for split, mixing in (('test', 0.5), ('train', 1.0)):
            plan, annotation = _make(scenario, index, 40, split, mixing)
            assert annotation.attributes[0] == scenario, plan.scenario
            assert len(set(annotation.attributes)) == len(annotation.attributes)


@pytest.mark.parametrize('scenario', SCENARIOS)
def test_the_first_frame_shows_the_whole_target_and_steps_are_bounded(scenario):
    limit = 1.6 if scenario == 'fast_motion' else 0.8
    for index in range(8):
        plan, annotation = _make(scenario, index, 40, 'train', 1.0)
        assert pace(_amodal(plan), annotation.boxes).max() < limit
        assert annotation.visibility[0] > 0.999
        x, y, w, h = annotation.boxes[0]
        assert x > 0
        assert y > 0
        assert x + w < FRAME[0]
        assert y + h < FRAME[1]


def test_static_boxes_keep_their_size():
    for index in range(8):
        _, annotation = _make('static', index)
        assert set(annotation.attributes) <= {'static', 'small_target'}
        sides = annotation.boxes[:, 2:]
        assert (sides.max(0) / sides.min(0) < 1.03).all()
        assert (annotation.visibility > 0.999).all()


def test_scale_change_and_rotation_reach_their_minimum():
    for index in range(6):
        plan, _ = _make('scale_change', index)
        scales = [pose.scale for pose in plan.poses]
        assert max(scales) / min(scales) >= 1.8
        plan, _ = _make('rotation', index)
        assert np.ptp([pose.angle for pose in plan.poses]) >= np.pi / 2


def test_small_targets_are_12_to_16_px():
    for index in range(6):
        _, annotation = _make('small_target', index)
        sizes = np.sqrt(annotation.boxes[:, 2] * annotation.boxes[:, 3])
        assert 12 <= np.nanmedian(sizes) <= 16


def test_absent_targets_have_no_box_and_return():
    for index in range(6):
        _, annotation = _make('absence', index, 40)
        absent = np.isnan(annotation.boxes).any(1)
        assert 1 <= absent.sum() <= 18
        assert not absent[0]
        assert not absent[-1]
        assert (np.isnan(annotation.boxes).all(1) == absent).all()


def test_boxes_are_clipped_to_the_frame():
    for index in range(6):
        _, annotation = _make('absence', index, 40)
        boxes = annotation.boxes[~np.isnan(annotation.boxes[:, 0])]
        assert (boxes[:, :2] >= 0).all()
        assert (boxes[:, :2] + boxes[:, 2:] <= np.array(FRAME) + 1e-9).all()
        assert (boxes[:, 2:] >= 2).all()


def test_pace_is_in_target_sizes_and_0_at_absences():
    amodal = np.array([[0, 0, 20, 5], [6, 8, 26, 13], [50, 50, 70, 55]], float)
    boxes = np.array([[0, 0, 20, 5], [6, 8, 20, 5], [np.nan] * 4])
    # A step of 10 px, a size of sqrt(20 x 5) = 10 px.
    assert pace(amodal, boxes).tolist() == [1.0, 0.0]


def test_is_static_allows_three_percent_and_small_steps():
    still = np.array([[10, 10, 30, 20]] * 4, float)
    assert is_static(still)
    grown = still.copy()
    grown[2, 2] += 0.59
    assert is_static(grown)
    grown[2, 2] += 0.03
    assert not is_static(grown)
    moved = still.copy()
    moved[2:] += 4
    assert not is_static(moved)
