"""Text forms of the report of several trackers: Markdown, JSON, CSV and LaTeX."""

import json
from pathlib import Path
from typing import Dict, List, Tuple, Union

from mmeatrack.evaluation.benchmark_report import sequence_differences
from mmeatrack.evaluation.ope import OPEScores, SequenceScores
from mmeatrack.evaluation.report import Report
from mmeatrack.evaluation.tables import (
    SCORES,
    attribute_rows,
    attribute_table,
    csv_text,
    difference_table,
    latex_table,
    score_table,
)
from mmeatrack.files.atomic import write_atomically

NUM_COMPARED_SEQUENCES = 10


def summary_text(report: Report, title: str = '') -> str:
    """The ranked table as Markdown, its policy, and what was left out or repaired."""
    policy = next(iter(report.values())).policy
    parts = [
        f'# One pass evaluation{" on " + title if title else ""}\n',
        score_table(report),
        f'Scores in percent, means over sequences; {policy}.\n',
    ]
    for tracker, entry in report.items():
        problems = [f'left out: {name}: {reason}' for name, reason in entry.left_out.items()]
        problems += entry.warnings
        if problems:
            parts.append(f'{tracker}:\n' + ''.join(f'- {problem}\n' for problem in problems))
    return '\n'.join(parts)


def comparison_text(report: Report, tracker: str, other: str) -> str:
    """The sequences on which one of two trackers leads most, as Markdown."""
    parts = []
    for first, second in ((tracker, other), (other, tracker)):
        rows = sequence_differences(report, first, second)[:NUM_COMPARED_SEQUENCES]
        leads = [row for row in rows if row.difference > 0]
        parts.append(f'## Success AUC: where {first} beats {second} most\n')
        parts.append(difference_table(leads, first, second) if leads else 'nowhere\n')
    return '\n'.join(parts)


def report_text(report: Report, title: str = '', compared: Tuple[str, ...] = ()) -> str:
    """The whole report as Markdown: ranked table, attributes and comparison."""
    texts = [summary_text(report, title)]
    if attribute_rows(report):
        texts += ['## Success AUC by attribute\n', attribute_table(report)]
    if len(compared) == 2:
        texts.append(comparison_text(report, *compared))
    return '\n'.join(texts)


def report_files(report: Report, title: str = '', compared: Tuple[str, ...] = ()) -> Dict[str, str]:
    """Contents of ``report.json``, ``report.md`` and the tables, by the names of the files."""
    policy, where = next(iter(report.values())).policy, f' on {title}' if title else ''
    entries = {name: entry.as_dict() for name, entry in report.items()}
    return {
        'report.json': json.dumps(entries, indent=1),
        'report.md': report_text(report, title, compared),
        'scores.tex': f'% {policy}\n' + latex_table(report, f'One pass evaluation{where}.'),
        **_csv_files(report, compared),
    }


def write_report_files(
    folder: Union[str, Path], report: Report, title: str = '', compared: Tuple[str, ...] = ()
) -> None:
    """Write ``report.json``, ``report.md`` and the tables; see :func:`report_files`.

    :func:`mmeatrack.visualization.plot_report` draws the plots that go with them.
    """
    for name, content in report_files(report, title, compared).items():
        write_atomically(Path(folder) / name, content)


def _csv_files(report: Report, compared: Tuple[str, ...]) -> Dict[str, str]:
    """Tables for other programs; scores between 0 and 1."""
    files = {
        'scores.csv': csv_text(
            ['tracker', *SCORES, 'num_sequences', 'absent', 'valid_boxes'],
            [
                [
                    name,
                    *_numbers(entry.scores),
                    *(entry.num_sequences, entry.scores.absent, entry.scores.valid_boxes),
                ]
                for name, entry in report.items()
            ],
        ),
        'per_sequence.csv': csv_text(
            ['sequence', 'tracker', *SCORES],
            [
                [sequence, tracker, *_numbers(scores)]
                for tracker, entry in report.items()
                for sequence, scores in entry.scores.per_sequence.items()
            ],
        ),
    }
    attributes = attribute_rows(report)
    if attributes:
        files['attributes.csv'] = csv_text(['attribute', 'num_sequences', *report], attributes)
    if len(compared) == 2:
        files['comparison.csv'] = csv_text(
            ['sequence', *compared, 'difference'], sequence_differences(report, *compared)
        )
    return files


def _numbers(scores: Union[OPEScores, SequenceScores]) -> List[float]:
    return [getattr(scores, key) for key in SCORES]
