"""The report of several trackers in all its forms: text, JSON, CSV, LaTeX and plots."""

import json
from pathlib import Path
from typing import Dict, List, Mapping, Tuple, Union

from mmeatrack.evaluation.benchmark_report import sequence_differences
from mmeatrack.evaluation.tables import (
    SCORES,
    attribute_rows,
    attribute_table,
    csv_text,
    difference_table,
    latex_table,
    score_table,
)
from mmeatrack.visualization.ope_plots import CURVES, plot_curves, plot_radar

NUM_COMPARED_SEQUENCES = 10


def summary_text(report: Mapping[str, dict], title: str = '') -> str:
    """The ranked table as Markdown, its policy, and what was left out or repaired.

    Args:
        report: Report entries by tracker, the best first.
        title: The benchmark's name.
    """
    policy = next(iter(report.values()))['policy']
    parts = [
        f'# One pass evaluation{" on " + title if title else ""}\n',
        score_table(report),
        f'Scores in percent, means over sequences; {policy}.\n',
    ]
    for tracker, entry in report.items():
        problems = [f'left out: {name}: {reason}' for name, reason in entry['left_out'].items()]
        problems += entry['warnings']
        if problems:
            parts.append(f'{tracker}:\n' + ''.join(f'- {problem}\n' for problem in problems))
    return '\n'.join(parts)


def comparison_text(report: Mapping[str, dict], tracker: str, other: str) -> str:
    """The sequences on which one of two trackers leads most, as Markdown."""
    parts = []
    for first, second in ((tracker, other), (other, tracker)):
        rows = sequence_differences(report, first, second)[:NUM_COMPARED_SEQUENCES]
        leads = [row for row in rows if row.difference > 0]
        parts.append(f'## Success AUC: where {first} beats {second} most\n')
        parts.append(difference_table(leads, first, second) if leads else 'nowhere\n')
    return '\n'.join(parts)


def write_report_files(
    folder: Union[str, Path],
    report: Mapping[str, dict],
    title: str = '',
    compared: Tuple[str, ...] = (),
) -> None:
    """Write ``report.json``, ``report.md``, tables and plots.

    Args:
        folder: Where to write; made if it is not there.
        report: Report entries by tracker, the best first.
        title: The benchmark's name.
        compared: The two trackers to compare sequence by sequence, or none.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    texts = [summary_text(report, title)]
    if attribute_rows(report):
        texts += ['## Success AUC by attribute\n', attribute_table(report)]
    if len(compared) == 2:
        texts.append(comparison_text(report, *compared))
    files = {
        'report.json': json.dumps(report, indent=1),
        'report.md': '\n'.join(texts),
        'scores.tex': _latex_file(report, title),
        **_csv_files(report, compared),
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding='utf-8')
    for suffix in ('png', 'pdf'):
        for kind in CURVES:
            plot_curves(report, kind, folder / f'{kind}.{suffix}', title)
        if len(attribute_rows(report)) >= 3:
            plot_radar(report, folder / f'attributes.{suffix}', title)


def _latex_file(report: Mapping[str, dict], title: str) -> str:
    policy = next(iter(report.values()))['policy']
    caption = f'One pass evaluation on {title}.' if title else 'One pass evaluation.'
    return f'% {policy}\n' + latex_table(report, caption)


def _csv_files(report: Mapping[str, dict], compared: Tuple[str, ...]) -> Dict[str, str]:
    """Tables for other programs; scores between 0 and 1."""
    columns = [*SCORES, 'num_sequences', 'absent', 'valid_boxes']
    per_sequence: List[list] = [
        [sequence, tracker, *(scores[key] for key in SCORES)]
        for tracker, entry in report.items()
        for sequence, scores in entry['per_sequence'].items()
    ]
    files = {
        'scores.csv': csv_text(
            ['tracker', *columns],
            [[name, *(entry[key] for key in columns)] for name, entry in report.items()],
        ),
        'per_sequence.csv': csv_text(['sequence', 'tracker', *SCORES], per_sequence),
    }
    attributes = attribute_rows(report)
    if attributes:
        files['attributes.csv'] = csv_text(['attribute', 'num_sequences', *report], attributes)
    if len(compared) == 2:
        files['comparison.csv'] = csv_text(
            ['sequence', *compared, 'difference'], sequence_differences(report, *compared)
        )
    return files
