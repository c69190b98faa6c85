"""Figures of matplotlib: their writing, and the charts of calibration and of layer similarity."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Mapping, Sequence, Union

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmeatrack.files.atomic import write_atomically

if TYPE_CHECKING:
    from mmeatrack.analysis import LayerSimilarity
    from mmeatrack.evaluation.calibration import ReliabilityBin

PathLike = Union[str, Path]

SIMILARITY_TITLES = dict(cosine='Cosine similarity', cka='Linear CKA')
MARKERS = 'osD^v'


def save_figure(figure: Figure, path: PathLike, dpi: int = 120) -> None:
    """Write a figure whole or not at all, in the format of the suffix (png, pdf, svg).

    Raises:
        ValueError: If the suffix is of no format that matplotlib writes.
        OSError: If it could not be written.
    """
    path = Path(path)
    supported = figure.canvas.get_supported_filetypes()
    kind = path.suffix[1:].lower()
    if kind not in supported:
        raise ValueError(f'{path}: the name of a figure ends in .{", .".join(sorted(supported))}.')
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=dpi)
    write_atomically(path, buffer.getvalue())


def plot_reliability(groups: Mapping[str, Sequence['ReliabilityBin']], out_path: PathLike) -> None:
    """Plot the share of correct predictions by score, above the share of frames by score.

    ``groups`` has the bins of each kind of score, by its name in the legend.

    Raises:
        ValueError: If there is nothing to plot.
    """
    if not groups or not all(groups.values()):
        raise ValueError(f'no predictions of {[name for name, bins in groups.items() if not bins]}')
    figure = Figure(figsize=(4.6, 5.2), layout='constrained')
    axes = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    axes[0].plot([0, 1], [0, 1], color='0.6', linewidth=1, linestyle='--', label='ideal')
    for index, (name, bins) in enumerate(groups.items()):
        style = dict(color=f'C{index % 10}', marker=MARKERS[index % 5])
        scores = [each.score for each in bins]
        axes[0].plot(scores, [each.right for each in bins], linewidth=1.6, label=name, **style)
        total = sum(each.frames for each in bins)
        axes[1].plot(scores, [100 * each.frames / total for each in bins], linewidth=1.2, **style)
    axes[0].set_ylabel('share with IoU ≥ 0.5', fontsize=9)
    axes[0].set_ylim(0, 1.02)
    axes[0].legend(frameon=False, fontsize=8, loc='upper left')
    axes[1].set_ylabel('frames (%)', fontsize=9)
    axes[1].set_ylim(bottom=0)
    axes[1].set_xlabel('score', fontsize=9)
    axes[1].set_xlim(0, 1)
    for axis in axes:
        style_axes(axis)
    save_figure(figure, out_path)


def plot_similarity(
    similarities: Mapping[str, Sequence['LayerSimilarity']], out_path: PathLike
) -> None:
    """Plot similarity to the teacher by layer: a panel inside the target and one outside.

    ``similarities`` has the rows of each student by its name, all of the same pairs of layers.

    Raises:
        ValueError: If there is nothing to plot or the students have different pairs or measures.
    """
    kinds = {tuple(row[:3] for row in rows) for rows in similarities.values()}
    if len(kinds) != 1 or kinds == {()}:
        raise ValueError(
            f'similarities of {list(similarities)}: give at least one student, and all with the '
            'same layer pairs and measure.'
        )
    pairs = next(iter(kinds))
    figure = Figure(figsize=(max(7.0, 2.5 + 0.8 * len(pairs)), 3.6), layout='constrained')
    axes = figure.subplots(1, 2, sharey=True)
    for axis, region in zip(axes, ('inside', 'outside')):
        for index, (name, rows) in enumerate(similarities.items()):
            axis.plot(
                range(len(rows)),
                [getattr(row, region) for row in rows],
                color=f'C{index % 10}',
                marker=MARKERS[index % 5],
                linewidth=1.6,
                label=name,
            )
        axis.set_title(f'{region} the target', fontsize=10)
        axis.set_xticks(range(len(pairs)), [f'{pair[0]} → {pair[1]}' for pair in pairs])
        axis.set_xlabel('layer of the student → of the teacher', fontsize=9)
        axis.margins(x=0.08)
        style_axes(axis)
    axes[0].set_ylabel(f'{SIMILARITY_TITLES[pairs[0][2]]} to the teacher', fontsize=9)
    low = min(min(row.inside, row.outside) for rows in similarities.values() for row in rows)
    axes[0].set_ylim(bottom=min(0.0, low - 0.05), top=1.02)
    axes[-1].legend(frameon=False, fontsize=8)
    save_figure(figure, out_path)


def style_axes(axes: Axes) -> None:
    """Small tick labels, a faint grid and no frame above and on the right."""
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3, linewidth=0.5)
    axes.spines[['top', 'right']].set_visible(False)
