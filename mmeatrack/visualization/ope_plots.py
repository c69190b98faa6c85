"""Plots of one pass evaluation in the field's style: curves by threshold, radar by attribute.

A tracker has the same style in all plots of a report.
"""

from pathlib import Path
from typing import Any, Dict, List, Literal, NamedTuple, Sequence, Tuple, Union

import numpy as np
from matplotlib.figure import Figure
from matplotlib.projections.polar import PolarAxes

from mmeatrack.evaluation.ope import (
    NORM_PRECISION_THRESHOLDS,
    PRECISION_THRESHOLDS,
    SUCCESS_THRESHOLDS,
)
from mmeatrack.evaluation.report import Report
from mmeatrack.visualization.figures import save_figure


class CurveStyle(NamedTuple):
    """Labels of a kind of curve, its thresholds, and the score in its legend."""

    title: str
    x_label: str
    y_label: str
    thresholds: np.ndarray
    score_key: str
    legend_location: Literal['lower left', 'lower right']


# A curve is the scores' attribute '<kind>_curve'.
CURVES: Dict[str, CurveStyle] = {
    'success': CurveStyle(
        'Success plots of OPE',
        'Overlap threshold',
        'Success rate',
        SUCCESS_THRESHOLDS,
        'success_auc',
        'lower left',
    ),
    'precision': CurveStyle(
        'Precision plots of OPE',
        'Location error threshold (pixels)',
        'Precision',
        PRECISION_THRESHOLDS,
        'precision20',
        'lower right',
    ),
    'norm_precision': CurveStyle(
        'Normalised precision plots of OPE',
        'Normalised location error threshold',
        'Precision',
        NORM_PRECISION_THRESHOLDS,
        'norm_precision',
        'lower right',
    ),
}

# Red, green and blue first, as is usual in the field. Line styles tell the others apart in print
# and for colour-blind readers.
COLORS = (
    '#e6194b', '#2ca02c', '#1f4fd8', '#111111', '#d03bd0', '#13b5c4', '#ff8c1a', '#8c564b',
    '#7f7f7f', '#6a3fb5', '#b8a200', '#ef8fb0',
)  # fmt: skip
LINE_STYLES: Tuple[Any, ...] = ('-', '--', '-.', (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)))
MAX_RADAR_TRACKERS = 8
MIN_RADAR_ATTRIBUTES = 3
TITLE_FONT: Dict[str, Any] = dict(fontsize=13, fontweight='bold')


def plot_files(report: Report) -> List[str]:
    """Names of the files that :func:`plot_report` writes."""
    has_radar = len(_shared_attributes(report)) >= MIN_RADAR_ATTRIBUTES
    kinds = [*CURVES, 'attributes'] if has_radar else list(CURVES)
    return [f'{kind}.{suffix}' for suffix in ('png', 'pdf') for kind in kinds]


def plot_report(report: Report, folder: Union[str, Path], benchmark: str = '') -> None:
    """Plot the curves and, with three or more shared attributes, the radar, as PNG and PDF."""
    for name in plot_files(report):
        kind = Path(name).stem
        if kind in CURVES:
            plot_curves(report, kind, Path(folder) / name, benchmark)
        else:
            plot_radar(report, Path(folder) / name, benchmark)


def plot_curves(report: Report, kind: str, path: Union[str, Path], benchmark: str = '') -> None:
    """Plot the curves of all trackers, with the best one first in the legend.

    Args:
        report: Report by tracker.
        kind: ``'success'``, ``'precision'`` or ``'norm_precision'``.
        path: The figure.
        benchmark: Name of the benchmark for the title.

    Raises:
        ValueError: If the report is empty or the kind is unknown.
    """
    if kind not in CURVES or not report:
        raise ValueError(f'cannot plot {kind!r} of {len(report)} trackers; kinds: {list(CURVES)}')
    style = CURVES[kind]
    figure = Figure(figsize=(6.4, 5.2))
    axes = figure.add_subplot()
    axes.set_title(_title(style.title, benchmark), **TITLE_FONT)
    axes.tick_params(labelsize=9)
    figure.subplots_adjust(left=0.1, right=0.965, top=0.92, bottom=0.105)
    values = {name: getattr(entry.scores, style.score_key) for name, entry in report.items()}
    for tracker in sorted(report, key=lambda name: -values[name]):
        axes.plot(
            style.thresholds,
            getattr(report[tracker].scores, f'{kind}_curve'),
            linewidth=2.4,
            label=f'[{values[tracker]:.3f}] {tracker}',
            clip_on=False,
            **_tracker_style(report, tracker),
        )
    axes.set_xlabel(style.x_label, fontsize=11)
    axes.set_ylabel(style.y_label, fontsize=11)
    axes.set_xlim(style.thresholds[0], style.thresholds[-1])
    axes.set_ylim(0, 1)
    axes.set_yticks(np.linspace(0, 1, 11))
    axes.set_xticks(np.linspace(style.thresholds[0], style.thresholds[-1], 11))
    axes.grid(linestyle=':', linewidth=0.8, color='0.75')
    many = len(report) > 10
    axes.legend(
        loc=style.legend_location,
        fontsize=7.5 if many else 9.5,
        handlelength=3,
        framealpha=0.9,
        edgecolor='0.3',
        fancybox=False,
        labelspacing=0.25 if many else 0.4,
    )
    save_figure(figure, path, dpi=150)


def plot_radar(report: Report, path: Union[str, Path], benchmark: str = '') -> None:
    """Plot the success AUC of the first eight trackers on a radar with an axis per attribute.

    Raises:
        ValueError: If the trackers share fewer than three attributes.
    """
    shown = list(report)[:MAX_RADAR_TRACKERS]
    names = _shared_attributes(report)
    if len(names) < MIN_RADAR_ATTRIBUTES:
        raise ValueError(f'a radar needs at least three attributes; the trackers share {names}')
    scores = {
        tracker: [report[tracker].by_attribute[name].success_auc for name in names]
        for tracker in shown
    }
    angles = np.linspace(0, 2 * np.pi, len(names), endpoint=False)
    figure = Figure(figsize=(7.2, 6.2))
    axes = figure.add_subplot(projection='polar')
    assert isinstance(axes, PolarAxes)
    axes.set_theta_zero_location('N')
    axes.set_theta_direction(-1)
    for tracker, values in scores.items():
        axes.plot(
            [*angles, angles[0]],
            [*values, values[0]],
            linewidth=2,
            marker='o',
            markersize=3.5,
            label=tracker,
            **_tracker_style(report, tracker),
        )
    best = [max(column) for column in zip(*scores.values())]
    counts = [len(report[shown[0]].by_attribute[name].per_sequence) for name in names]
    labels = [
        f'{name.replace("_", " ")} ({count})\n{score:.3f}'
        for name, count, score in zip(names, counts, best)
    ]
    _label_radar(axes, angles, labels, max(best))
    axes.set_title(_title('Success AUC by attribute', benchmark), **TITLE_FONT, pad=14)
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc='lower center',
        ncol=min(4, len(shown)),
        fontsize=9,
        frameon=False,
        handlelength=3,
    )
    figure.subplots_adjust(top=0.85, bottom=0.16)
    save_figure(figure, path, dpi=150)


def _label_radar(
    axes: PolarAxes, angles: np.ndarray, labels: Sequence[str], greatest: float
) -> None:
    """Put the attribute labels outside the rings and the ring labels between two axes."""
    axes.set_xticks(angles, labels, fontsize=9)
    for label, side in zip(axes.get_xticklabels(), np.sin(angles)):
        label.set_horizontalalignment(
            'center' if abs(side) <= 0.05 else 'left' if side > 0 else 'right'
        )
    top = min(1.0, greatest * 1.05)
    axes.set_ylim(0, top)
    axes.set_yticks(np.arange(0.2, top + 1e-6, 0.2))
    axes.tick_params(axis='y', labelsize=7.5, labelcolor='0.4')
    axes.set_rlabel_position(float(np.degrees(angles[1] / 2)))
    axes.grid(linestyle=':', linewidth=0.8, color='0.7')


def _shared_attributes(report: Report) -> List[str]:
    """Sorted names of the attributes that all trackers of the radar have."""
    shown = list(report.values())[:MAX_RADAR_TRACKERS]
    return sorted(set.intersection(*(set(entry.by_attribute) for entry in shown)))


def _tracker_style(report: Report, tracker: str) -> Dict[str, Any]:
    index = list(report).index(tracker)
    return dict(color=COLORS[index % len(COLORS)], linestyle=LINE_STYLES[index % len(LINE_STYLES)])


def _title(text: str, benchmark: str) -> str:
    return f'{text} on {benchmark}' if benchmark else text
