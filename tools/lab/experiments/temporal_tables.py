"""Tables of the temporal ablation: gains and store counts by attribute."""

from collections import defaultdict
from itertools import chain
from typing import Dict, List, Mapping, Sequence

import numpy as np

from lab.experiments.micro import WITH, WITHOUT, MicroExperiment, run_name
from lab.experiments.results import mean_and_error, read_run, score_runs
from mmeatrack.engine.store_log import VideoLog, add_up, read_store_log
from mmeatrack.evaluation.calibration import calibration_summary, reliability, scored_predictions
from mmeatrack.evaluation.tables import markdown_table
from mmeatrack.files.atomic import write_atomically
from mmeatrack.files.ground_truth import GroundTruth, load_attributes, load_ground_truth
from mmeatrack.visualization.figures import plot_reliability


def show(experiment: MicroExperiment, names: Sequence[str], seeds: Sequence[int]) -> None:
    """Print and write the tables."""
    truth = load_ground_truth(experiment.data / 'test')
    attributes = load_attributes(truth, ())
    runs = {name: [run_name(name, seed) for seed in seeds] for name in names}
    tables = [gain_table(experiment, truth, attributes, runs)]
    tables.append(store_table(experiment, attributes, runs[WITH]))
    tables.append(report_scores(experiment, truth, runs[WITH]))
    text = '\n'.join(tables)
    path = experiment.out / 'ablation_temporal.md'
    write_atomically(path, text)
    print(f'\n{text}\nseeds {list(seeds)}; also in {path}, and reliability.png there')


def gain_table(
    experiment: MicroExperiment,
    truth: GroundTruth,
    attributes: Mapping[str, Sequence[str]],
    runs: Mapping[str, List[str]],
) -> str:
    """Table by attribute: success AUC without adaptation, and gain of each other test."""
    names = list(chain.from_iterable(runs.values()))
    report = score_runs(experiment.results, names, truth, attributes)
    lines = {'all': {run: report[run].scores.success_auc for run in names}}
    counts = {'all': len(truth.boxes)}
    for attribute, entry in sorted(report[runs[WITHOUT][0]].by_attribute.items()):
        counts[attribute] = len(entry.per_sequence)
        lines[attribute] = {run: report[run].by_attribute[attribute].success_auc for run in names}
    rows = [
        [attribute, str(counts[attribute]), *row_of(scores, runs)]
        for attribute, scores in lines.items()
    ]
    others = [f'{name.lower()}: gain' for name in runs if name != WITHOUT]
    return markdown_table(['attribute', 'videos', 'without', *others], rows)


def row_of(scores: Mapping[str, float], runs: Mapping[str, List[str]]) -> List[str]:
    """Score without adaptation, then gain of each other test, paired by seed."""
    without = [100 * scores[run] for run in runs[WITHOUT]]
    cells = [mean_and_error(without)]
    for name in runs:
        if name != WITHOUT:
            gains = [100 * scores[run] - base for run, base in zip(runs[name], without)]
            cells.append(('+' if sum(gains) >= 0 else '') + mean_and_error(gains))
    return cells


def store_table(
    experiment: MicroExperiment, attributes: Mapping[str, Sequence[str]], runs: Sequence[str]
) -> str:
    """Table by attribute: counts of views, and of losses and reacquisitions of the target."""
    by_attribute: Dict[str, List[VideoLog]] = defaultdict(list)
    for run in runs:
        for log in read_store_log(experiment.out / 'tests' / run / 'target_store.csv'):
            for attribute in ('all', *attributes.get(log.video, ())):
                by_attribute[attribute].append(log)
    header = 'attribute offered rejected admitted contaminated frames_lost times_lost found_again'
    rows = []
    for attribute in sorted(by_attribute, key=lambda name: (name != 'all', name)):
        log = add_up(attribute, by_attribute[attribute])
        wrong = f'{log.contaminated} ({100 * log.contaminated / max(log.admitted, 1):.1f} %)'
        numbers = (log.offered, log.offered - log.confident, log.admitted)
        lost = (log.frames_lost, log.times_lost, log.times_found)
        rows.append([attribute, *map(str, numbers), wrong, *map(str, lost)])
    return markdown_table([word.replace('_', ' ') for word in header.split()], rows)


def report_scores(experiment: MicroExperiment, truth: GroundTruth, runs: Sequence[str]) -> str:
    """Plot the calibration of the scores, and return a line of AUROC and calibration error."""
    scores, right = [], []
    for run in runs:
        results = {each.name: each for each in read_run(experiment.results / run, truth)}
        boxes = {name: result.boxes for name, result in results.items()}
        confidence = {name: result.scores for name, result in results.items()}
        found = scored_predictions(boxes, confidence, truth.boxes)
        scores.append(found[0])
        right.append(found[1])
    all_scores, all_right = np.concatenate(scores), np.concatenate(right)
    bins = reliability(all_scores, all_right)
    plot_reliability({'score': bins}, experiment.out / 'reliability.png')
    summary = calibration_summary(all_scores, all_right)
    area = 'not defined' if summary['auroc'] is None else f'{summary["auroc"]:.3f}'
    return (
        f'score against IoU >= 0.5 over {summary["frames"]:.0f} frames: AUROC {area}, expected '
        f'calibration error {summary["ece"]:.3f}\n'
    )
