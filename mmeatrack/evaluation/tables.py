"""Text forms of a report: Markdown, JSON, LaTeX and CSV."""

import csv
import io
import json
from typing import Dict, List, Sequence, Tuple

from mmeatrack.evaluation.report import Report, sequence_differences

SCORES = {
    'success_auc': 'Success AUC',
    'precision20': 'Precision @20 px',
    'norm_precision': 'Norm. precision @0.2',
}
NUM_COMPARED_SEQUENCES = 10


def report_text(report: Report, title: str = '', compared: Tuple[str, ...] = ()) -> str:
    """Return the report as Markdown: ranking, policy, problems, attributes and comparison."""
    policy = next(iter(report.values())).policy
    parts = [
        f'# One pass evaluation{f" on {title}" if title else ""}\n',
        score_table(report),
        f'Scores in percent, means over sequences; {policy}.\n',
    ]
    for tracker, entry in report.items():
        problems = [f'left out: {name}: {reason}' for name, reason in entry.left_out.items()]
        problems += entry.warnings
        if problems:
            parts.append(f'{tracker}:\n' + ''.join(f'- {problem}\n' for problem in problems))
    attributes = attribute_table(report)
    if attributes:
        parts += ['## Success AUC by attribute\n', attributes]
    if len(compared) == 2:
        parts += [lead_text(report, *compared), lead_text(report, *compared[::-1])]
    return '\n'.join(parts)


def report_files(report: Report, title: str = '', compared: Tuple[str, ...] = ()) -> Dict[str, str]:
    """Contents of ``report.json``, ``report.md`` and the tables, by file name.

    Scores in JSON and CSV are between 0 and 1. :func:`mmeatrack.visualization.plot_report` draws
    the plots that go with them.
    """
    policy, where = next(iter(report.values())).policy, f' on {title}' if title else ''
    entries = {name: entry.as_dict() for name, entry in report.items()}
    files = {
        'report.json': json.dumps(entries, indent=1),
        'report.md': report_text(report, title, compared),
        'scores.tex': f'% {policy}\n' + latex_table(report, f'One pass evaluation{where}.'),
        'scores.csv': csv_text(
            ['tracker', *SCORES, 'num_sequences', 'absent', 'valid_boxes'],
            [
                [name, *(entry[key] for key in (*SCORES, 'num_sequences', 'absent', 'valid_boxes'))]
                for name, entry in entries.items()
            ],
        ),
        'per_sequence.csv': csv_text(
            ['sequence', 'tracker', *SCORES],
            [
                [sequence, tracker, *scores.headline().values()]
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


def percent(value: float) -> str:
    """Format a score between 0 and 1 as papers do: 0.4785 as 47.9."""
    return f'{100 * value:.1f}'


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], num_left: int = 1) -> str:
    """Format a Markdown table with aligned columns, the first ``num_left`` of them flush left."""
    from tabulate import DataRow, TableFormat, tabulate

    cells = [[cell.replace('|', '\\|') for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    rule = [
        '-' * width if i < num_left else '-' * (width - 1) + ':' for i, width in enumerate(widths)
    ]
    # Tabulate's own Markdown pads each column by two.
    style = TableFormat(None, None, None, None, None, DataRow('| ', ' | ', ' |'), 0, None)
    sides = ['left'] * num_left + ['right'] * (len(header) - num_left)
    cells.insert(1, rule)
    return tabulate(cells, tablefmt=style, colalign=sides, disable_numparse=True) + '\n'


def score_table(report: Report) -> str:
    """Format the ranking as Markdown: scores in percent, and sequences scored of all."""
    rows = [
        [
            str(rank),
            tracker,
            *map(percent, entry.scores.headline().values()),
            f'{entry.num_sequences}/{entry.num_sequences + len(entry.left_out)}',
        ]
        for rank, (tracker, entry) in enumerate(report.items(), start=1)
    ]
    return markdown_table(['#', 'Tracker', *SCORES.values(), 'Sequences'], rows, num_left=2)


def attribute_rows(report: Report) -> List[list]:
    """Rows of attribute, number of sequences, and each tracker's success AUC or None."""
    columns = [entry.by_attribute for entry in report.values()]
    rows = []
    for name in sorted({name for column in columns for name in column}):
        found = [column.get(name) for column in columns]
        count = max(len(scores.per_sequence) for scores in found if scores)
        rows.append([name, count, *(scores and scores.success_auc for scores in found)])
    return rows


def attribute_table(report: Report) -> str:
    """Format the success AUC by attribute as Markdown; empty if there are no attributes."""
    rows = [
        [name, str(count), *('-' if score is None else percent(score) for score in scores)]
        for name, count, *scores in attribute_rows(report)
    ]
    return markdown_table(['Attribute', 'Sequences', *report], rows) if rows else ''


def lead_text(report: Report, tracker: str, other: str) -> str:
    """Format as Markdown the sequences on which a tracker leads another most."""
    leads = [
        [name, percent(score), percent(other_score), f'{100 * difference:+.1f}']
        for name, score, other_score, difference in sequence_differences(report, tracker, other)
        if difference > 0
    ][:NUM_COMPARED_SEQUENCES]
    header = ['Sequence', tracker, other, 'Difference']
    table = markdown_table(header, leads) if leads else 'nowhere\n'
    return f'## Success AUC: where {tracker} beats {other} most\n\n{table}'


def latex_table(report: Report, caption: str) -> str:
    """Format the ranking for a paper: booktabs, the best score bold, the second underlined."""
    columns = zip(*(entry.scores.headline().values() for entry in report.values()))
    rows = zip(map(latex_text, report), *map(_marked_column, columns))
    return '\n'.join(
        [
            r'\begin{table}[t]',
            rf'\caption{{{latex_text(caption)}}}',
            r'\centering',
            r'\begin{tabular}{lccc}',
            r'  \toprule',
            r'  Tracker & Success & Precision & Norm. precision \\',
            r'  \midrule',
            *(f'  {" & ".join(row)} \\\\' for row in rows),
            r'  \bottomrule',
            r'\end{tabular}',
            r'\end{table}',
            '',
        ]
    )


def latex_text(text: str) -> str:
    """Escape the characters that LaTeX reads as commands."""
    replacements = {
        '\\': r'\textbackslash{}',
        '~': r'\textasciitilde{}',
        '^': r'\textasciicircum{}',
        '<': r'\textless{}',
        '>': r'\textgreater{}',
        **{character: '\\' + character for character in '_&%#{}$'},
    }
    return ''.join(replacements.get(character, character) for character in text)


def csv_text(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Format a CSV file; floats with six decimals."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator='\n')
    writer.writerow(header)
    for row in rows:
        writer.writerow([f'{cell:.6f}' if isinstance(cell, float) else cell for cell in row])
    return buffer.getvalue()


def _marked_column(values: Sequence[float]) -> List[str]:
    """Format scores in percent and mark the best two; scores printed alike share a mark."""
    printed = [percent(value) for value in values]
    ranked = sorted(set(printed), key=float, reverse=True)
    marks = {ranked[0]: rf'\textbf{{{ranked[0]}}}'}
    if len(ranked) > 1:
        marks[ranked[1]] = rf'\underline{{{ranked[1]}}}'
    return [marks.get(text, text) for text in printed]
