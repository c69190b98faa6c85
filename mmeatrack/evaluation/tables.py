"""Tables of a report as Markdown, LaTeX and CSV."""

import csv
import io
from typing import Dict, List, Sequence

from mmeatrack.evaluation.benchmark_report import Difference
from mmeatrack.evaluation.report import Report

SCORES = {
    'success_auc': 'Success AUC',
    'precision20': 'Precision @20 px',
    'norm_precision': 'Norm. precision @0.2',
}


def percent(value: float) -> str:
    """Write a score between 0 and 1 as papers do: 0.4785 as 47.9."""
    return f'{100 * value:.1f}'


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], num_left: int = 1) -> str:
    """Format a Markdown table with aligned columns, the first ``num_left`` of them flush left."""
    from tabulate import DataRow, TableFormat, tabulate

    header, rows = _escaped(header), [_escaped(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *rows)]
    rule = [
        '-' * width if i < num_left else '-' * (width - 1) + ':' for i, width in enumerate(widths)
    ]
    # Tabulate's own Markdown pads each column by two.
    style = TableFormat(None, None, None, None, None, DataRow('| ', ' | ', ' |'), 0, None)
    sides = ['left'] * num_left + ['right'] * (len(header) - num_left)
    cells = [list(header), rule, *map(list, rows)]
    return tabulate(cells, tablefmt=style, colalign=sides, disable_numparse=True) + '\n'


def _escaped(cells: Sequence[str]) -> List[str]:
    """Cells whose bars do not end them."""
    return [cell.replace('|', '\\|') for cell in cells]


def score_table(report: Report) -> str:
    """The ranked table as Markdown: scores in percent, and how many sequences were scored."""
    rows = [
        [
            str(rank),
            tracker,
            *(percent(getattr(entry.scores, key)) for key in SCORES),
            f'{entry.num_sequences}/{entry.num_sequences + len(entry.left_out)}',
        ]
        for rank, (tracker, entry) in enumerate(report.items(), start=1)
    ]
    return markdown_table(['#', 'Tracker', *SCORES.values(), 'Sequences'], rows, num_left=2)


def attribute_rows(report: Report) -> List[list]:
    """Rows of attribute, number of sequences and success AUC of each tracker, None for none."""
    counts: Dict[str, int] = {}
    for entry in report.values():
        for name, scores in entry.by_attribute.items():
            counts[name] = max(counts.get(name, 0), len(scores.per_sequence))
    return [
        [
            name,
            counts[name],
            *(
                getattr(entry.by_attribute.get(name), 'success_auc', None)
                for entry in report.values()
            ),
        ]
        for name in sorted(counts)
    ]


def attribute_table(report: Report) -> str:
    """Success AUC by attribute as Markdown; empty if there are no attributes."""
    rows = [
        [name, str(count), *('-' if score is None else percent(score) for score in scores)]
        for name, count, *scores in attribute_rows(report)
    ]
    return markdown_table(['Attribute', 'Sequences', *report], rows) if rows else ''


def difference_table(rows: Sequence[Difference], tracker: str, other: str) -> str:
    """A per-sequence comparison as Markdown."""
    return markdown_table(
        ['Sequence', tracker, other, 'Difference'],
        [
            [name, percent(score), percent(other_score), f'{100 * difference:+.1f}']
            for name, score, other_score, difference in rows
        ],
    )


def latex_table(report: Report, caption: str) -> str:
    """The ranked table for a paper: booktabs, the best score bold, the second underlined."""
    marked = {
        key: _marked_column([getattr(entry.scores, key) for entry in report.values()])
        for key in SCORES
    }
    lines = [
        f'  {latex_text(tracker)} & ' + ' & '.join(marked[key][i] for key in SCORES) + r' \\'
        for i, tracker in enumerate(report)
    ]
    return '\n'.join(
        [
            r'\begin{table}[t]',
            rf'\caption{{{latex_text(caption)}}}',
            r'\centering',
            r'\begin{tabular}{lccc}',
            r'  \toprule',
            r'  Tracker & Success & Precision & Norm. precision \\',
            r'  \midrule',
            *lines,
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
    """Write scores in percent; equal printed scores share a mark."""
    printed = [percent(value) for value in values]
    ranked = sorted(set(printed), key=float, reverse=True)
    marks = {ranked[0]: rf'\textbf{{{ranked[0]}}}'}
    if len(ranked) > 1:
        marks[ranked[1]] = rf'\underline{{{ranked[1]}}}'
    return [marks.get(text, text) for text in printed]
