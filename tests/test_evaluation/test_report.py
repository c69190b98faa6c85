import json

import numpy as np
import pytest

from mmeatrack.evaluation import ope_scores
from mmeatrack.evaluation.report import TrackerReport, attribute_scores


@pytest.fixture
def entry() -> dict:
    truth = np.tile([10.0, 10, 10, 10], (4, 1))
    lost = truth.copy()
    lost[2:, 0] = 400
    scores = ope_scores({'a': truth, 'b': lost, 'c': lost}, dict.fromkeys('abc', truth), 'exclude')
    attributes = {'a': ['SV'], 'b': ['SV', 'OV'], 'x': ['LR']}
    left_out = {'d': 'd.txt is missing'}
    return TrackerReport(scores, attribute_scores(scores, attributes), left_out).as_dict()


def test_report_states_scores_policy_and_what_was_left_out(entry: dict) -> None:
    assert entry['precision20'] == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert entry['per_sequence']['b'] == dict(
        success_auc=pytest.approx(10 / 21),
        precision20=0.5,
        norm_precision=0.5,
        num_frames=4,
        num_absent=0,
    )
    assert entry['absent'] == 'exclude'
    assert 'frames without the target are left out' in entry['policy']
    assert entry['left_out'] == {'d': 'd.txt is missing'}
    assert entry['num_sequences'] == 3


def test_attributes_are_means_over_their_sequences(entry: dict) -> None:
    assert list(entry['per_attribute']) == ['SV', 'OV']
    assert entry['per_attribute']['SV']['precision20'] == 0.75
    assert entry['per_attribute']['SV']['num_sequences'] == 2
    assert entry['per_attribute']['OV']['precision20'] == 0.5


def test_report_survives_json(entry: dict) -> None:
    assert json.loads(json.dumps(entry)) == entry
    assert len(entry['success_curve']) == 21
    assert len(entry['precision_curve']) == len(entry['norm_precision_curve']) == 51


def test_keys_of_the_json_report(entry: dict) -> None:
    scores = ['success_auc', 'precision20', 'norm_precision']
    assert list(entry) == [
        *(*scores, 'num_sequences', 'left_out', 'absent', 'valid_boxes', 'policy'),
        *('success_curve', 'precision_curve', 'norm_precision_curve'),
        *('per_attribute', 'per_sequence', 'warnings'),
    ]
    assert list(entry['per_attribute']['SV']) == [*scores, 'num_sequences']


def test_speeds_lie_beside_the_scores() -> None:
    truth = np.tile([10.0, 10, 10, 10], (4, 1))
    speeds = {'a': dict(fps=12.5, network_fps=None)}
    report = TrackerReport(
        ope_scores({'a': truth}, {'a': truth}), speed=dict(fps=12.5), sequence_speeds=speeds
    )

    assert report.as_dict()['speed'] == dict(fps=12.5)
    assert report.as_dict()['per_sequence']['a']['fps'] == 12.5
