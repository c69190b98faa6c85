import json

import numpy as np
import pytest

from mmeatrack.evaluation import ope_scores
from mmeatrack.evaluation.report import report_entry


@pytest.fixture
def entry() -> dict:
    truth = np.tile([10.0, 10, 10, 10], (4, 1))
    lost = truth.copy()
    lost[2:, 0] = 400
    scores = ope_scores({'a': truth, 'b': lost, 'c': lost}, dict.fromkeys('abc', truth), 'exclude')
    attributes = {'a': ['SV'], 'b': ['SV', 'OV'], 'x': ['LR']}
    return report_entry(scores, {'d': 'd.txt is missing'}, attributes)


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
