"""Plots of one pass evaluation in the style of the field: curves by threshold, radar by attribute.

All functions take reports by tracker. Trackers keep their style from plot to plot.
"""

from pathlib import Path
from typing import Any, Dict, List, Literal, NamedTuple, Sequence, Tuple, Union

import numpy as np
from matplotlib.axes import Axes
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
    """Style of a kind of curve, and the score that its legend shows."""

    title: str
    x_label: str
    y_label: str
    thresholds: np.ndarray
    curve_key: str
    score_key: str
    legend_location: Literal['lower left', 'lower right']


CURVES: Dict[str, CurveStyle] = {
    'success': CurveStyle(
        'Success plots of OPE',
        'Overlap threshold',
        'Success rate',
        SUCCESS_THRESHOLDS,
        'success_curve',
        'success_auc',
        'lower left',
    ),
    'precision': CurveStyle(
        'Precision plots of OPE',
        'Location error threshold (pixels)',
        'Precision',
        PRECISION_THRESHOLDS,
        'precision_curve',
        'precision20',
        'lower right',
    ),
    'norm_precision': CurveStyle(
        'Normalised precision plots of OPE',
        'Normalised location error threshold',
        'Precision',
        NORM_PRECISION_THRESHOLDS,
        'norm_precision_curve',
        'norm_precision',
        'lower right',
    ),
}

# Red, green and blue for the first three, as the field's readers expect; the others keep apart in
# print and for colour-blind eyes by their line styles.
COLORS = (
    '#e6194b', '#2ca02c', '#1f4fd8', '#111111', '#d03bd0', '#13b5c4', '#ff8c1a', '#8c564b',
    '#7f7f7f', '#6a3fb5', '#b8a200', '#ef8fb0',
)  # fmt: skip
LINE_STYLES: Tuple[Union[str, Tuple[int, Tuple[int, ...]]], ...] = (
    '-', '--', '-.', (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)),
)  # fmt: skip
MAX_RADAR_TRACKERS = 8
MIN_RADAR_ATTRIBUTES = 3
TITLE_FONT: Dict[str, Any] = dict(fontsize=13, fontweight='bold')


def plot_files(report: Report) -> List[str]:
    """Names of the files that :func:`plot_report` writes."""
    has_radar = len(_shared_attributes(report)) >= MIN_RADAR_ATTRIBUTES
    kinds = [*CURVES, 'attributes'] if has_radar else list(CURVES)
    return [f'{kind}.{suffix}' for suffix in ('png', 'pdf') for kind in kinds]


def plot_report(report: Report, folder: Union[str, Path], benchmark: str = '') -> None:
    """Draw the curves and, where three attributes are shared, the radar, as PNG and PDF."""
    for name in plot_files(report):
        kind = Path(name).stem
        if kind in CURVES:
            plot_curves(report, kind, Path(folder) / name, benchmark)
        else:
            plot_radar(report, Path(folder) / name, benchmark)


def plot_curves(report: Report, kind: str, path: Union[str, Path], benchmark: str = '') -> None:
    """Draw the curves of all trackers, the best in the legend on top.

    The kind is ``'success'``, ``'precision'`` or ``'norm_precision'``.

    Raises:
        ValueError: If the report is empty or the kind is unknown.
    """
    if kind not in CURVES or not report:
        raise ValueError(f'cannot plot {kind!r} of {len(report)} trackers; kinds: {list(CURVES)}')
    style = CURVES[kind]
    figure, axes = _new_axes(_title(style.title, benchmark))
    values = {name: getattr(entry.scores, style.score_key) for name, entry in report.items()}
    for tracker in sorted(report, key=lambda name: -values[name]):
        color, line_style = _tracker_style(report, tracker)
        axes.plot(
            style.thresholds,
            getattr(report[tracker].scores, style.curve_key),
            color=color,
            linestyle=line_style,
            linewidth=2.4,
            label=f'[{values[tracker]:.3f}] {tracker}',
            clip_on=False,
        )
    axes.set_xlabel(style.x_label)
    axes.set_ylabel(style.y_label)
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
    """Draw the success AUC of the first eight trackers on a radar, an axis for each attribute.

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
    counts = [len(report[shown[0]].by_attribute[name].per_sequence) for name in names]
    angles = np.linspace(0, 2 * np.pi, len(names), endpoint=False)
    figure = Figure(figsize=(7.2, 6.2))
    axes = figure.add_subplot(projection='polar')
    assert isinstance(axes, PolarAxes)
    axes.set_theta_zero_location('N')
    axes.set_theta_direction(-1)
    for tracker, values in scores.items():
        color, line_style = _tracker_style(report, tracker)
        closed = [*values, values[0]]
        axes.plot(
            [*angles, angles[0]],
            closed,
            color=color,
            linestyle=line_style,
            linewidth=2,
            marker='o',
            markersize=3.5,
            label=tracker,
        )
    best = [max(values[i] for values in scores.values()) for i in range(len(names))]
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
    """Put the attribute labels outside of the rings and the ring labels between two axes."""
    axes.set_xticks(angles)
    axes.set_xticklabels(labels, fontsize=9)
    for label, angle in zip(axes.get_xticklabels(), angles):
        label.set_horizontalalignment(
            'center'
            if np.isclose(np.sin(angle), 0, atol=0.05)
            else 'left'
            if np.sin(angle) > 0
            else 'right'
        )
    rings = np.arange(0.2, min(1.0, greatest + 0.1) + 0.01, 0.2)
    axes.set_ylim(0, min(1.0, greatest * 1.05))
    axes.set_yticks(rings[rings <= axes.get_ylim()[1]])
    axes.tick_params(axis='y', labelsize=7.5, labelcolor='0.4')
    axes.set_rlabel_position(float(np.degrees(angles[1] / 2)))
    axes.grid(linestyle=':', linewidth=0.8, color='0.7')


def _shared_attributes(report: Report) -> List[str]:
    """Names of the attributes that all trackers of the radar have, sorted."""
    shown = list(report.values())[:MAX_RADAR_TRACKERS]
    return sorted(set.intersection(*(set(entry.by_attribute) for entry in shown)))


def _tracker_style(
    report: Report, tracker: str
) -> Tuple[str, Union[str, Tuple[int, Tuple[int, ...]]]]:
    place = list(report).index(tracker)
    return COLORS[place % len(COLORS)], LINE_STYLES[place % len(LINE_STYLES)]


def _title(text: str, benchmark: str) -> str:
    return f'{text} on {benchmark}' if benchmark else text


def _new_axes(title: str) -> Tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, 5.2))
    axes = figure.add_subplot()
    axes.set_title(title, **TITLE_FONT)
    axes.tick_params(labelsize=9)
    axes.xaxis.label.set_fontsize(11)
    axes.yaxis.label.set_fontsize(11)
    figure.subplots_adjust(left=0.1, right=0.965, top=0.92, bottom=0.105)
    return figure, axes
