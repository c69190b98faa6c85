"""Picture of how often a tracker is right at each score."""

from pathlib import Path
from typing import Mapping, Sequence, Union

from matplotlib.figure import Figure

from mmeatrack.evaluation.calibration import ReliabilityBin


def plot_reliability(
    groups: Mapping[str, Sequence[ReliabilityBin]], out_path: Union[str, Path]
) -> None:
    """Plot the share of right predictions over the score, and below how many there are.

    Args:
        groups: Bins of each kind of score, by its name in the legend.
        out_path: The picture, ``.png`` for instance; missing folders are made.

    Raises:
        ValueError: If there is nothing to plot.
    """
    if not groups or not all(groups.values()):
        raise ValueError(f'no predictions of {[name for name, bins in groups.items() if not bins]}')
    figure = Figure(figsize=(4.6, 5.2), layout='constrained')
    axes = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    axes[0].plot([0, 1], [0, 1], color='0.6', linewidth=1, linestyle='--', label='ideal')
    for index, (name, bins) in enumerate(groups.items()):
        style = dict(color=f'C{index % 10}', marker='osD^v'[index % 5])
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
        axis.tick_params(labelsize=8)
        axis.grid(alpha=0.3, linewidth=0.5)
        axis.spines[['top', 'right']].set_visible(False)
    Path(out_path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out_path, dpi=120)
