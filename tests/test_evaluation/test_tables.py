import csv
import io

import numpy as np
import pytest

from mmeatrack.evaluation.benchmark_report import Difference
from mmeatrack.evaluation.ope import OPEScores, SequenceScores
from mmeatrack.evaluation.report import TrackerReport
from mmeatrack.evaluation.tables import (
    attribute_table,
    csv_text,
    difference_table,
    latex_table,
    latex_text,
    score_table,
)


def make_scores(success: float, precision: float = 0.5, count: int = 4) -> OPEScores:
    curves = np.zeros(21), np.zeros(51), np.zeros(51)
    sequence = SequenceScores(success, precision, 0.5, 9, 0, *curves)
    names = map(str, range(count))
    return OPEScores(
        success, precision, 0.5, *curves, dict.fromkeys(names, sequence), 'miss', 'sized'
    )


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


def test_difference_table() -> None:
    text = difference_table([Difference('bird1_1', 0.75, 0.5, 0.25)], 'A', 'B')

    assert text.splitlines()[-1] == '| bird1_1  | 75.0 | 50.0 |      +25.0 |'


def test_bar_in_a_name_ends_no_cell() -> None:
    rows = difference_table([Difference('a|b', 0.75, 0.5, 0.25)], 'A|B', 'C').splitlines()

    assert rows[0] == '| Sequence | A\\|B |    C | Difference |'
    assert rows[-1] == '| a\\|b     | 75.0 | 50.0 |      +25.0 |'


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
