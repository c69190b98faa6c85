import json
from pathlib import Path
from typing import Dict

import numpy as np
import pytest

from mmeatrack.evaluation import ope_scores
from mmeatrack.evaluation.report import (
    TrackerReport,
    attribute_scores,
    score_trackers,
    sequence_differences,
)
from mmeatrack.files.ground_truth import GroundTruth
from mmeatrack.files.result_source import TrackerFiles


@pytest.fixture
def entry() -> dict:
    truth = np.tile([10.0, 10, 10, 10], (4, 1))
    lost = truth.copy()
    lost[2:, 0] = 400
    scores = ope_scores({'a': truth, 'b': lost, 'c': lost}, dict.fromkeys('abc', truth), 'exclude')
    attributes = {'a': ['SV'], 'b': ['SV', 'OV'], 'x': ['LR']}
    left_out = {'d': 'd.txt is missing'}
    return TrackerReport(scores, attribute_scores(scores, attributes), left_out).as_dict()


def test_report_states_scores_policy_and_left_out_sequences(entry: dict) -> None:
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


def test_report_round_trips_through_json(entry: dict) -> None:
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


def test_speeds_are_reported_next_to_the_scores() -> None:
    truth = np.tile([10.0, 10, 10, 10], (4, 1))
    speeds = {'a': dict(fps=12.5, network_fps=None)}
    report = TrackerReport(
        ope_scores({'a': truth}, {'a': truth}), speed=dict(fps=12.5), sequence_speeds=speeds
    )

    assert report.as_dict()['speed'] == dict(fps=12.5)
    assert report.as_dict()['per_sequence']['a']['fps'] == 12.5


BOX = '10,10,10,10\n'
FAR = '90,90,10,10\n'


def make_truth(**num_frames: int) -> GroundTruth:
    boxes = {name: np.tile([10.0, 10, 10, 10], (n, 1)) for name, n in num_frames.items()}
    return GroundTruth(boxes, {name: Path(f'{name}.txt') for name in boxes}, {})


def make_tracker(name: str, **texts: str) -> TrackerFiles:
    files: Dict = {key: text.encode for key, text in texts.items()}
    return TrackerFiles(name, name, files)


def test_trackers_are_ranked_by_success() -> None:
    truth = make_truth(a=4, b=2)
    half = make_tracker('half', a=BOX * 2 + FAR * 2, b=BOX * 2)
    good = make_tracker('good', a=BOX * 4, b=BOX * 2)

    report = score_trackers(truth, [half, good])

    assert list(report) == ['good', 'half']
    assert report['good'].scores.success_auc == pytest.approx(20 / 21)
    assert report['half'].scores.precision20 == 0.75


def test_unscorable_sequences_are_left_out() -> None:
    truth = make_truth(a=4, b=4, c=4, d=4, e=4)
    truth.left_out['f'] = 'f.txt: the file is empty'
    tracker = make_tracker('T', a=BOX * 4, b=BOX * 2, c=BOX * 5, d=BOX + '1,2,3\n')

    entry = score_trackers(truth, [tracker])['T']

    assert list(entry.scores.per_sequence) == ['a']
    assert entry.scores.precision20 == 1
    left_out = entry.left_out
    assert left_out['b'].startswith('T/b.txt: 2 result boxes for 4 ground truth boxes')
    assert left_out['c'].startswith('T/c.txt: 5 result boxes for 4')
    assert left_out['d'].startswith("T/d.txt, line 2: '1,2,3' is not a box")
    assert left_out['e'] == 'T/e.txt is missing'
    assert left_out['f'] == 'f.txt: the file is empty'


def test_one_box_short_repeats_the_last() -> None:
    entry = score_trackers(make_truth(a=4), [make_tracker('T', a=BOX * 2 + FAR)])['T']

    assert entry.scores.precision20 == 0.5
    assert entry.warnings == ('T/a.txt: one box short; the last one is repeated',)


def test_unusable_rows_are_reported() -> None:
    # Otherwise a tracker that writes NaN or empty boxes would be scored by the given box.
    broken = BOX + 'nan,nan,nan,nan\n' + BOX + '10,10,0,10\n'
    tracker = make_tracker(
        'T', a=broken, b=BOX * 4, c='nan,nan,nan,nan\n' + BOX * 2 + '1e400,1,2,3'
    )

    entry = score_trackers(make_truth(a=4, b=4, c=4), [tracker])['T']

    assert entry.warnings == (
        '3 rows in 2 sequences are not finite or have no area, and repeat the row before them; '
        '2 are in a',
    )


def test_trackers_need_results_and_names() -> None:
    truth = make_truth(a=4)

    with pytest.raises(ValueError, match=r'T: no sequence can be scored; the first of 1: T/a\.txt'):
        score_trackers(truth, [make_tracker('T', a='')])
    with pytest.raises(ValueError, match='not all different'):
        score_trackers(truth, [make_tracker('T', a=BOX * 4)] * 2)
    with pytest.raises(ValueError, match="absent='skip'"):
        score_trackers(truth, [make_tracker('T', a=BOX * 4)], absent='skip')


def test_progress_callback_gets_the_trackers() -> None:
    named: list = []

    score_trackers(make_truth(a=1), [make_tracker('T', a=BOX)], on_progress=named.append)

    assert named == ['T']


def test_differences_are_sorted_by_lead() -> None:
    truth = make_truth(a=2, b=2, c=2, d=2)
    first = make_tracker('A', a=BOX * 2, b=BOX + FAR, c=BOX * 2, d=BOX * 2)
    second = make_tracker('B', a=BOX * 2, b=BOX * 2, c=BOX + FAR)

    report = score_trackers(truth, [first, second])
    rows = sequence_differences(report, 'A', 'B')

    half = pytest.approx(10 / 21)
    whole = pytest.approx(20 / 21)
    assert rows[:2] == [('c', whole, half, half), ('a', whole, whole, 0)]
    assert rows[2:] == [('b', half, whole, pytest.approx(-10 / 21))]
    with pytest.raises(ValueError, match=r"no tracker 'C' to compare; there are \['A', 'B'\]"):
        sequence_differences(report, 'A', 'C')


def test_tracker_without_a_result_does_not_stop_the_others() -> None:
    truth = make_truth(a=4)
    trackers = [make_tracker('T', a=BOX * 4), make_tracker('S', a=BOX * 9)]
    problems: list = []

    assert list(score_trackers(truth, trackers, on_problem=problems.append)) == ['T']
    assert problems == [
        'S: no sequence can be scored; the first of 1: S/a.txt: 9 result boxes for 4 ground truth '
        'boxes; both need one box per frame'
    ]
    with pytest.raises(ValueError, match='S: no sequence can be scored'):
        score_trackers(truth, trackers)


@pytest.mark.parametrize('line', ['None,None,None,None', 'init', '1', ''])
def test_unusable_first_line_shifts_no_box(line: str) -> None:
    path = ''.join(f'{10 + 9 * i},10,10,10\n' for i in range(1, 5))
    truth = make_truth(a=5)
    truth.boxes['a'][:, 0] += 9 * np.arange(5)

    (entry,) = score_trackers(truth, [make_tracker('T', a=f'{line}\n{path}')]).values()

    assert entry.scores.success_auc == pytest.approx(20 / 21)
    assert entry.warnings == ()
