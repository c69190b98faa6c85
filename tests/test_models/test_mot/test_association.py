"""Association of detections with targets, by hand."""

import numpy as np
import pytest

from mmeatrack.models.mot import Association, AssociationRules, Detections
from mmeatrack.models.mot.association import pairwise_iou

HERE, NEAR, THERE = [0, 0, 10, 10], [2, 0, 12, 10], [50, 50, 60, 60]


def _found(*rows):
    """Detections of (box, score) or (box, score, label)."""
    boxes = np.array([row[0] for row in rows], float).reshape(-1, 4)
    labels = np.array([row[2] if len(row) > 2 else 0 for row in rows], int)
    return Detections(boxes, np.array([row[1] for row in rows], float), labels)


def _association(*keys, confirmed=True, **rules):
    association = Association(AssociationRules(**rules))
    for key in keys:
        association.begin(key, 0, 0, confirmed)
    return association


def test_iou_by_hand():
    assert pairwise_iou([HERE], [HERE, NEAR, THERE])[0] == pytest.approx([1, 80 / 120, 0])


def test_only_unmatched_high_detections_become_targets():
    outcome = _association().update({}, set(), _found((HERE, 0.9), (THERE, 0.69)), 0)
    assert outcome.births == [0]
    assert outcome.matches == {}


def test_matches_have_the_largest_sum_of_overlaps():
    tracked = {1: HERE, 2: [4, 0, 14, 10]}
    # Both are nearest to the first detection, but only target 1 overlaps the second one as well.
    found = _found(([1, 0, 11, 10], 0.9), ([-4, 0, 6, 10], 0.9))
    outcome = _association(1, 2).update(tracked, set(), found, 1)
    assert outcome.matches == {1: 1, 2: 0}


def test_low_detections_confirm_only_nearby_targets():
    association = _association(1, 2)
    far = [[50, 55, 60, 65], 0.3]  # IoU 1/3 with THERE
    outcome = association.update({1: HERE, 2: THERE}, set(), _found((NEAR, 0.3), far), 1)
    assert outcome.matches == {1: 0}
    assert (association.records[1].misses, association.records[2].misses) == (0, 1)


def test_lost_targets_match_after_the_others():
    association = _association(1, 2)
    outcome = association.update({1: HERE, 2: NEAR}, {1}, _found((HERE, 0.9)), 1)
    assert outcome.matches == {2: 0}
    outcome = association.update({1: HERE, 2: THERE}, {1}, _found((NEAR, 0.3)), 2)
    assert outcome.matches == {}
    outcome = association.update({1: HERE, 2: THERE}, {1}, _found((NEAR, 0.9)), 3)
    assert outcome.matches == {1: 0}


def test_targets_of_another_class_do_not_match():
    outcome = _association(1).update({1: HERE}, set(), _found((HERE, 0.65, 1)), 1)
    assert outcome.matches == {}


def test_detection_on_a_tracked_target_does_not_become_a_target():
    association = _association(1, 2)
    found = _found((HERE, 0.9), (NEAR, 0.9))
    outcome = association.update({1: HERE, 2: THERE}, set(), found, 1)
    assert outcome.matches == {1: 0}
    assert outcome.births == []
    # A lost target does not block its position.
    outcome = association.update({1: THERE}, {1}, _found((HERE, 0.9)), 2)
    assert outcome.births == [0]


def test_second_detection_confirms_a_target():
    association = _association(1, 2, confirmed=False, report_unconfirmed=False)
    assert not association.is_reported(1)
    outcome = association.update({1: HERE, 2: THERE}, set(), _found((HERE, 0.9)), 5)
    assert association.is_reported(1)
    assert outcome.removed == [2]


def test_missed_target_is_no_longer_reported_and_then_removed():
    association = _association(1, silent_after=2, remove_after=6)
    reported, removed = [], []
    for frame in (2, 4, 6):
        removed += association.update({1: HERE}, set(), _found(), frame).removed
        reported.append(1 in association.records and association.is_reported(1))
    assert reported == [True, False, False]
    assert removed == [1]


def test_other_targets_are_dropped():
    association = _association(1, 2)
    association.keep([2])
    assert list(association.records) == [2]


@pytest.mark.parametrize(
    ('rules', 'told'),
    [
        (dict(match=1.5), 'match=1.5 must lie between 0 and 1'),
        (dict(confirm=0), 'confirm=0 must be a whole number of at least 1'),
        (dict(birth=0.5), 'low=0.1, high=0.6 and birth=0.5 must not decrease'),
    ],
)
def test_bad_rules_are_refused(rules, told):
    with pytest.raises(ValueError, match=told):
        AssociationRules(**rules)
