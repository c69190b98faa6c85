"""Picture of how alike the layers of students and their teacher are."""

from pathlib import Path
from typing import Mapping, Sequence, Union

from matplotlib.figure import Figure

from mmeatrack.analysis import LayerSimilarity

TITLES = dict(cosine='Cosine similarity', cka='Linear CKA')


def plot_similarity(
    similarities: Mapping[str, Sequence[LayerSimilarity]], out_path: Union[str, Path]
) -> None:
    """Plot similarity by layer, a panel inside the target and one outside, a line a student.

    Args:
        similarities: By the student's name, all of the same pairs of layers.
        out_path: The picture, ``.png`` for instance; missing folders are made.

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
                marker='osD^v'[index % 5],
                linewidth=1.6,
                label=name,
            )
        axis.set_title(f'{region} the target', fontsize=10)
        axis.set_xticks(range(len(pairs)), [f'{pair[0]} → {pair[1]}' for pair in pairs])
        axis.set_xlabel('layer of the student → of the teacher', fontsize=9)
        axis.margins(x=0.08)
        axis.tick_params(labelsize=8)
        axis.grid(alpha=0.3, linewidth=0.5)
        axis.spines[['top', 'right']].set_visible(False)
    axes[0].set_ylabel(f'{TITLES[pairs[0][2]]} to the teacher', fontsize=9)
    low = min(min(row.inside, row.outside) for rows in similarities.values() for row in rows)
    axes[0].set_ylim(bottom=min(0.0, low - 0.05), top=1.02)
    axes[-1].legend(frameon=False, fontsize=8)
    Path(out_path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out_path, dpi=120)
