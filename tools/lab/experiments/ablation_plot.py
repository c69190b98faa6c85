"""Bar chart of the scores of variants over seeds, with a dot for every run."""

import statistics
import textwrap
from pathlib import Path
from typing import Mapping, Sequence, Union

from matplotlib.figure import Figure

from mmeatrack.visualization.figures import save_figure

# Letters that stand below a bar beside its neighbours'.
_LABEL_WIDTH = 18


def plot_ablation(
    scores: Mapping[str, Sequence[float]], score_name: str, path: Union[str, Path]
) -> None:
    """Draw a bar for each variant: mean, standard error, and a dot for each run.

    Args:
        scores: Scores in percent, one a seed, by variant.
        score_name: Label of the axis.
        path: Image file to write.

    Raises:
        ValueError: If a variant has no score.
    """
    empty = [name for name, values in scores.items() if not values]
    if empty:
        raise ValueError(f'no scores of {empty}: run these variants first.')
    figure = Figure(figsize=(1.6 * len(scores) + 1.2, 3.6), layout='constrained')
    axes = figure.add_subplot()
    for place, values in enumerate(scores.values()):
        error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
        mean = statistics.mean(values)
        axes.bar(place, mean, 0.62, yerr=error, capsize=5, color='#9ec1e6', edgecolor='#1f4fd8')
        axes.plot([place] * len(values), values, 'o', color='#111111', markersize=4, alpha=0.7)
        axes.annotate(
            f'{mean:.1f}', (place, 0), (0, 5), textcoords='offset points', ha='center', fontsize=10
        )
    axes.set_xticks(range(len(scores)), [textwrap.fill(name, _LABEL_WIDTH) for name in scores])
    axes.set_ylabel(f'{score_name} (%)')
    axes.set_ylim(0, 1.15 * max(max(values) for values in scores.values()))
    axes.grid(axis='y', linestyle=':', color='0.75')
    axes.set_axisbelow(True)
    axes.spines[['top', 'right']].set_visible(False)
    save_figure(figure, path, dpi=150)
