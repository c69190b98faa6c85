import json
from pathlib import Path
from typing import Optional

import numpy as np
import pytest

from mmeatrack.evaluation import ope_scores
from mmeatrack.evaluation.report import TrackerReport, attribute_scores
from mmeatrack.evaluation.report_files import comparison_text, summary_text, write_report_files


def make_entry(num_lost: int, left_out: Optional[dict] = None) -> TrackerReport:
    truth = np.tile([10.0, 10, 10, 10], (10, 1))
    result = truth.copy()
    result[10 - num_lost :, 0] = 400
    scores = ope_scores({'a': result, 'b': truth}, {'a': truth, 'b': truth})
    attributes = {'a': ['SV', 'IV', 'OV'], 'b': ['SV']}
    return TrackerReport(scores, attribute_scores(scores, attributes), left_out or {})


@pytest.fixture
def report() -> dict:
    return {'good': make_entry(2), 'poor': make_entry(6)}


def test_summary_states_policy_and_problems(report: dict) -> None:
    report['poor'] = make_entry(6, {'c': 'c.txt is missing'})

    text = summary_text(report, 'DTB70')

    assert text.startswith('# One pass evaluation on DTB70\n')
    assert 'absent=miss, valid_boxes=sized' in text
    assert 'poor:\n- left out: c: c.txt is missing\n' in text


def test_comparison_names_the_sequences(report: dict) -> None:
    text = comparison_text(report, 'good', 'poor')

    assert '## Success AUC: where good beats poor most' in text
    assert '| a        | 76.2 | 38.1 |      +38.1 |' in text
    assert text.endswith('where poor beats good most\n\nnowhere\n')


def test_all_files_are_written(tmp_path: Path, report: dict) -> None:
    write_report_files(tmp_path / 'out', report, 'DTB70', ('good', 'poor'))

    written = {path.name: path.stat().st_size for path in (tmp_path / 'out').iterdir()}
    tables = ('scores.csv', 'per_sequence.csv', 'attributes.csv', 'comparison.csv', 'scores.tex')
    assert set(written) == {'report.json', 'report.md', *tables}
    assert min(written.values()) > 50
    written_report = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert written_report == {name: entry.as_dict() for name, entry in report.items()}
    assert (tmp_path / 'out' / 'comparison.csv').read_text().splitlines()[1].startswith('a,0.7619')
