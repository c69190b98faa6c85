"""Raw results, scores and their spread over the seeds of an experiment's test runs."""

import statistics
import textwrap
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence

from mmeatrack.evaluation.report import TrackerReport, score_trackers
from mmeatrack.evaluation.run_folder import RunFolder, SequenceResult
from mmeatrack.files.ground_truth import GroundTruth
from mmeatrack.files.result_source import open_results

# Characters of a label below a bar.
_LABEL_WIDTH = 18


def read_run(folder: Path, truth: GroundTruth) -> List[SequenceResult]:
    """Raw results of one run, in the order of the sequences.

    Raises:
        ValueError: If the result of a sequence is missing or incomplete.
    """
    results, run = [], RunFolder(folder)
    for name, boxes in truth.boxes.items():
        result = run.read(name, len(boxes))
        if result is None:
            raise ValueError(
                f'{folder} has no complete result of {name}: remove the folder and test again.'
            )
        results.append(result)
    return results


def score_runs(
    folder: Path,
    runs: Sequence[str],
    truth: GroundTruth,
    attributes: Optional[Mapping[str, Sequence[str]]] = None,
) -> Dict[str, TrackerReport]:
    """Reports by run, from its subfolder of raw results; a frame without a target is a miss."""
    files = [file for run in runs for file in open_results(f'{run}={folder / run}', truth.boxes)]
    return score_trackers(truth, files, 'miss', None, attributes)


def mean_and_error(values: Sequence[float]) -> str:
    """``mean ± standard error`` over seeds; a single value without an error."""
    mean = f'{statistics.mean(values):.1f}'
    return mean if len(values) == 1 else f'{mean} ± {_standard_error(values):.1f}'


def plot_ablation(scores: Mapping[str, Sequence[float]], score_name: str, path: Path) -> None:
    """Draw a bar of mean and standard error for each variant, and a dot for each run.

    ``scores`` has the scores in percent by variant, one per seed.

    Raises:
        ValueError: If a variant has no score.
    """
    from matplotlib.figure import Figure

    from mmeatrack.visualization.figures import save_figure

    empty = [name for name, values in scores.items() if not values]
    if empty:
        raise ValueError(f'no scores of {empty}: run these variants first.')
    figure = Figure(figsize=(1.6 * len(scores) + 1.2, 3.6), layout='constrained')
    axes = figure.add_subplot()
    for place, values in enumerate(scores.values()):
        error = _standard_error(values) if len(values) > 1 else 0.0
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


def _standard_error(values: Sequence[float]) -> float:
    return statistics.stdev(values) / len(values) ** 0.5
