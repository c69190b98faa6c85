"""Matplotlib figures: writing, and the charts of calibration and layer similarity."""

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
    """Write a figure atomically, in the format of the suffix (png, pdf, svg).

    Raises:
        ValueError: If matplotlib cannot write the format of the suffix.
        OSError: If the file cannot be written.
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

    Args:
        groups: Bins of each kind of score, by its name in the legend.
        out_path: The picture.

    Raises:
        ValueError: If there is nothing to plot.
    """
    if not groups or not all(groups.values()):
        raise ValueError(f'no predictions of {[name for name, bins in groups.items() if not bins]}')
    figure = Figure(figsize=(4.6, 5.2), layout='constrained')
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    upper.plot([0, 1], [0, 1], color='0.6', linewidth=1, linestyle='--', label='ideal')
    for index, (name, bins) in enumerate(groups.items()):
        style = dict(color=f'C{index % 10}', marker=MARKERS[index % 5])
        scores = [each.score for each in bins]
        upper.plot(scores, [each.right for each in bins], linewidth=1.6, label=name, **style)
        total = sum(each.frames for each in bins)
        lower.plot(scores, [100 * each.frames / total for each in bins], linewidth=1.2, **style)
    upper.set_ylabel('share with IoU ≥ 0.5', fontsize=9)
    upper.set_ylim(0, 1.02)
    upper.legend(frameon=False, fontsize=8, loc='upper left')
    lower.set_ylabel('frames (%)', fontsize=9)
    lower.set_ylim(bottom=0)
    lower.set_xlabel('score', fontsize=9)
    lower.set_xlim(0, 1)
    for axes in (upper, lower):
        style_axes(axes)
    save_figure(figure, out_path)


def plot_similarity(
    similarities: Mapping[str, Sequence['LayerSimilarity']], out_path: PathLike
) -> None:
    """Plot similarity to the teacher by layer, in a panel inside and one outside the target.

    Args:
        similarities: Rows of each student by its name, with the same layer pairs for all.
        out_path: The picture.

    Raises:
        ValueError: If there is nothing to plot, or layer pairs or measures differ.
    """
    kinds = {tuple(row[:3] for row in rows) for rows in similarities.values()}
    if len(kinds) != 1 or kinds == {()}:
        raise ValueError(
            f'similarities of {list(similarities)}: give at least one student, and all with the '
            'same layer pairs and measure.'
        )
    pairs = next(iter(kinds))
    figure = Figure(figsize=(max(7.0, 2.5 + 0.8 * len(pairs)), 3.6), layout='constrained')
    panels = figure.subplots(1, 2, sharey=True)
    for axes, region in zip(panels, ('inside', 'outside')):
        for index, (name, rows) in enumerate(similarities.items()):
            values = [getattr(row, region) for row in rows]
            style = dict(color=f'C{index % 10}', marker=MARKERS[index % 5], linewidth=1.6)
            axes.plot(range(len(rows)), values, label=name, **style)
        axes.set_title(f'{region} the target', fontsize=10)
        axes.set_xticks(range(len(pairs)), [f'{pair[0]} → {pair[1]}' for pair in pairs])
        axes.set_xlabel('layer of the student → of the teacher', fontsize=9)
        axes.margins(x=0.08)
        style_axes(axes)
    panels[0].set_ylabel(f'{SIMILARITY_TITLES[pairs[0][2]]} to the teacher', fontsize=9)
    low = min(min(row.inside, row.outside) for rows in similarities.values() for row in rows)
    panels[0].set_ylim(bottom=min(0.0, low - 0.05), top=1.02)
    panels[-1].legend(frameon=False, fontsize=8)
    save_figure(figure, out_path)


def style_axes(axes: Axes) -> None:
    """Set small tick labels and a faint grid; hide the top and right spines."""
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3, linewidth=0.5)
    axes.spines[['top', 'right']].set_visible(False)
