"""Scenes of several targets: the plan, its ground truth and its files."""

import configparser
import hashlib
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mmeatrack.synthetic import plan_sequence, split_specs, write_split
from mmeatrack.synthetic.crowd_annotation import annotate_crowd

SIZE, NUM_FRAMES, TARGETS = (160, 120), 8, 6


@pytest.fixture(scope='module')
def plans():
    specs = split_specs('test', 6, NUM_FRAMES, SIZE, targets=TARGETS)
    return [plan_sequence(spec) for spec in specs]


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp('crowd') / 'test'
    return root, write_split(root, 'test', 2, NUM_FRAMES, SIZE, targets=TARGETS)


def _rows(root, name):
    return np.loadtxt(root / name / 'gt' / 'gt.txt', delimiter=',')


def test_a_crowd_has_the_given_number_of_look_alikes(plans):
    for plan in plans:
        assert len(plan.actors) == TARGETS - 1
        assert all(actor.lookalike for actor in plan.actors)
        assert plan.scenario.size <= max(12, np.sqrt(160 * 120 / TARGETS) / 3.6)
    assert {plan.scenario.kind for plan in plans} >= {'car', 'boat'}


def test_one_target_is_the_default_and_the_minimum(plans):
    single = plan_sequence(replace(plans[0].spec, targets=1))
    assert single.spec == split_specs('test', 1, NUM_FRAMES, SIZE)[0]
    with pytest.raises(ValueError, match='targets is 0; a sequence has at least 1 target'):
        replace(plans[0].spec, targets=0)


def test_the_first_target_is_the_plans(plans):
    plan = plans[0]
    found = annotate_crowd(plan)
    left, top, right, bottom = plan.target.box(plan.poses[3])
    np.testing.assert_allclose(found.boxes[0, 3], (left, top, right - left, bottom - top))
    assert found.boxes.shape == (TARGETS, NUM_FRAMES, 4)


def test_a_target_under_another_is_not_visible(plans):
    plan = plans[1]
    first = plan.actors[0]
    # The second actor stands where the first does, and is painted over it.
    twins = [first, replace(first, points=first.points.copy()), *plan.actors[2:]]
    found = annotate_crowd(replace(plan, actors=twins, covers=[]))
    seen = ~np.isnan(found.boxes[2, :, 0])
    assert seen.any()
    assert (found.visibility[1, seen] < 0.05).all()
    assert np.isnan(found.boxes[1, seen]).all()


def test_layout(written):
    root, names = written
    for name in names:
        info = configparser.ConfigParser()
        info.read(root / name / 'seqinfo.ini')
        assert dict(info['Sequence']) == dict(
            name=name, imdir='img1', framerate='30', seqlength='8', imwidth='160',
            imheight='120', imext='.jpg',
        )  # fmt: skip
        images = sorted(path.name for path in (root / name / 'img1').iterdir())
        assert images == [f'{number:06d}.jpg' for number in range(1, 9)]
        assert cv2.imread(str(root / name / 'img1' / images[0])).shape == (120, 160, 3)
        assert not (root / name / 'groundtruth_rect.txt').exists()


def test_rows_of_the_ground_truth(written):
    root, names = written
    rows = np.concatenate([_rows(root, name) for name in names])
    frames, ids, boxes, visibility = rows[:, 0], rows[:, 1], rows[:, 2:6], rows[:, 8]
    assert set(frames) == set(range(1, NUM_FRAMES + 1))
    assert {1, 2, 3, 4, 5} <= set(ids) <= set(range(1, TARGETS + 1))
    assert (rows[:, 6:8] == 1).all()
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= np.array(SIZE) + 0.02).all()
    assert ((visibility >= 0.05) & (visibility <= 1)).all()
    # The camera follows the first target of each sequence.
    assert (ids == 1).sum() == 2 * NUM_FRAMES


def test_a_finished_crowd_is_kept_and_another_number_of_targets_refused(written):
    root, names = written
    before = (root / names[0] / 'img1' / '000001.jpg').stat().st_mtime_ns
    write_split(root, 'test', 2, NUM_FRAMES, SIZE, targets=TARGETS)
    assert (root / names[0] / 'img1' / '000001.jpg').stat().st_mtime_ns == before
    for other, told in ((1, r'targets 6 \(now None\)'), (4, r'targets 6 \(now 4\)')):
        with pytest.raises(RuntimeError, match=told):
            write_split(root, 'test', 2, NUM_FRAMES, SIZE, targets=other)


def test_ground_truth_matches_its_golden_hash(written):
    root, names = written
    text = ''.join((root / name / 'gt' / 'gt.txt').read_text() for name in names)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == 'd943bd2bc8dc4594'


def test_a_crowd_is_replaced_by_single_targets(written):
    root, names = written
    write_split(root, 'test', 1, 2, (96, 96), overwrite=True)
    assert not (root / names[1]).exists()
    assert len(list(root.glob('*/groundtruth_rect.txt'))) == 1
