import csv
import io
import json
from typing import Optional

import numpy as np
import pytest

from mmeatrack.evaluation import ope_scores
from mmeatrack.evaluation.ope import OPEScores, SequenceScores
from mmeatrack.evaluation.report import TrackerReport, attribute_scores
from mmeatrack.evaluation.tables import (
    attribute_table,
    csv_text,
    latex_table,
    latex_text,
    markdown_table,
    report_files,
    report_text,
    score_table,
)


def make_scores(success: float, precision: float = 0.5, count: int = 4) -> OPEScores:
    curves = np.full(21, success), np.full(51, precision), np.full(51, 0.5)
    sequence = SequenceScores(*curves, num_frames=9, num_absent=0)
    return OPEScores(*curves, dict.fromkeys(map(str, range(count)), sequence), 'miss', 'sized')


def make_entry(
    success: float, precision: float, attributes: dict, left_out: int = 0
) -> TrackerReport:
    return TrackerReport(
        make_scores(success, precision, 10 - left_out),
        {name: make_scores(score) for name, score in attributes.items()},
        {str(i): 'missing' for i in range(left_out)},
    )


@pytest.fixture
def report() -> dict:
    return {
        'ECO_HC': make_entry(0.4476, 0.6353, dict(SV=0.25, IV=0.5)),
        'KCF': make_entry(0.27997, 0.6801, dict(SV=0.125), left_out=1),
    }


def make_scored_entry(num_lost: int, left_out: Optional[dict] = None) -> TrackerReport:
    truth = np.tile([10.0, 10, 10, 10], (10, 1))
    result = truth.copy()
    result[10 - num_lost :, 0] = 400
    scores = ope_scores({'a|b': result, 'b': truth}, {'a|b': truth, 'b': truth})
    attributes = {'a|b': ['SV', 'IV', 'OV'], 'b': ['SV']}
    return TrackerReport(scores, attribute_scores(scores, attributes), left_out or {})


@pytest.fixture
def scored() -> dict:
    return {'good': make_scored_entry(2), 'poor': make_scored_entry(6, {'c': 'c.txt is missing'})}


def test_score_table(report: dict) -> None:
    assert score_table(report) == (
        '| # | Tracker | Success AUC | Precision @20 px | Norm. precision @0.2 | Sequences |\n'
        '| - | ------- | ----------: | ---------------: | -------------------: | --------: |\n'
        '| 1 | ECO_HC  |        44.8 |             63.5 |                 50.0 |     10/10 |\n'
        '| 2 | KCF     |        28.0 |             68.0 |                 50.0 |      9/10 |\n'
    )


def test_attribute_table(report: dict) -> None:
    assert attribute_table(report) == (
        '| Attribute | Sequences | ECO_HC |  KCF |\n'
        '| --------- | --------: | -----: | ---: |\n'
        '| IV        |         4 |   50.0 |    - |\n'
        '| SV        |         4 |   25.0 | 12.5 |\n'
    )
    assert attribute_table({'A': make_entry(0.5, 0.5, {})}) == ''


def test_bar_in_a_cell_is_escaped() -> None:
    rows = markdown_table(['Sequence', 'A|B'], [['a|b', '+25.0']]).splitlines()

    assert rows[0] == '| Sequence |  A\\|B |'
    assert rows[-1] == '| a\\|b     | +25.0 |'


def test_report_text_states_policy_problems_and_leads(scored: dict) -> None:
    text = report_text(scored, 'DTB70', ('good', 'poor'))

    assert text.startswith('# One pass evaluation on DTB70\n')
    assert 'absent=miss, valid_boxes=sized' in text
    assert 'poor:\n- left out: c: c.txt is missing\n' in text
    assert 'good:' not in text
    assert '## Success AUC by attribute\n\n| Attribute |' in text
    assert '## Success AUC: where good beats poor most' in text
    assert '| a\\|b     | 76.2 | 38.1 |      +38.1 |' in text
    assert text.endswith('where poor beats good most\n\nnowhere\n')


def test_files_of_a_report(scored: dict) -> None:
    files = report_files(scored, 'DTB70', ('good', 'poor'))

    tables = ('scores.csv', 'per_sequence.csv', 'attributes.csv', 'comparison.csv')
    assert set(files) == {'report.json', 'report.md', 'scores.tex', *tables}
    assert json.loads(files['report.json']) == {key: each.as_dict() for key, each in scored.items()}
    assert files['report.md'] == report_text(scored, 'DTB70', ('good', 'poor'))
    assert files['scores.tex'].startswith('% absent=miss, valid_boxes=sized: ')
    assert {name: files[name].splitlines()[1] for name in tables} == {
        'scores.csv': 'good,0.857143,0.900000,0.900000,2,miss,sized',
        'per_sequence.csv': 'a|b,good,0.761905,0.800000,0.800000',
        'attributes.csv': 'IV,1,0.761905,0.380952',
        'comparison.csv': 'a|b,0.761905,0.380952,0.380952',
    }


def test_latex_marks_the_best_two_of_each_column(report: dict) -> None:
    lines = latex_table(report, 'OPE on A_B').splitlines()

    assert r'\caption{OPE on A\_B}' in lines
    assert r'  ECO\_HC & \textbf{44.8} & \underline{63.5} & \textbf{50.0} \\' in lines
    assert r'  KCF & \underline{28.0} & \textbf{68.0} & \textbf{50.0} \\' in lines


def test_latex_text_is_plain_text() -> None:
    assert latex_text(r'a_b\c 5% {x}') == r'a\_b\textbackslash{}c 5\% \{x\}'


def test_csv_is_read_back() -> None:
    text = csv_text(['name', 'score'], [['a,b', 0.5], ['c', None]])

    assert list(csv.reader(io.StringIO(text))) == [
        ['name', 'score'],
        ['a,b', '0.500000'],
        ['c', ''],
    ]
