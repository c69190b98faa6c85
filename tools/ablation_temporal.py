r"""Gain of temporal adaptation by attribute, on synthetic UAV videos of one effect each.

Trains the micro student on pairs that are near in time, with several seeds, and tests each by
mmtrack's own script without adaptation, with the search for a lost target, with the template in the
temporal slot, too, with the views of the Target Store there, and with the true target of every 5th
frame, which is the most that a store can bring. Writes tables of success AUC by attribute, mean
and standard error over the seeds, and of what the stores took, and a reliability plot of the
scores. --stores adds other thresholds, intervals, samplings and fusions.

python tools/ablation_temporal.py --seeds 0 1 2 \
    --stores 0.8-every-5 0.8-every-15 0.95-every-5 0.95-every-15
"""

import argparse
import sys
from collections import defaultdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Sequence

from lab.experiments import Stage, StageError, run_stages
from lab.experiments.micro import (
    NEAR_TEMPORAL_CONFIG,
    NEAR_TRUE_VIEWS_CONFIG,
    MicroExperiment,
    run_name,
)
from lab.experiments.seeds import mean_and_error

if TYPE_CHECKING:
    from mmeatrack.engine.store_log import VideoLog
    from mmeatrack.files.ground_truth import GroundTruth

TRAIN_VIDEOS, TEST_VIDEOS = 240, 100
DATA_OPTIONS = ('--test-mixing', '0', '--seed', '3')
WITHOUT, WITH = 'Without', 'With'


class Test(NamedTuple):
    """A column of the table: the config and its ``--cfg-options``."""

    config: Path
    options: Dict[str, object]


def with_store(**store: object) -> Test:
    """The Target Store with these arguments in place of the config's, which are 'auto'."""
    options = {f'custom_hooks.0.store.{key}': value for key, value in store.items()}
    return Test(NEAR_TEMPORAL_CONFIG, options)


NO_STORE = {'custom_hooks': '[]'}
EMPTY_SLOT = {**NO_STORE, 'model.test_cfg.fill_slot': False}
# Each has what the one before it has.
TESTS = {
    WITHOUT: Test(NEAR_TEMPORAL_CONFIG, {**EMPTY_SLOT, 'model.test_cfg.lost_search_factor': None}),
    'Search': Test(NEAR_TEMPORAL_CONFIG, EMPTY_SLOT),
    'Filled': Test(NEAR_TEMPORAL_CONFIG, NO_STORE),
    WITH: with_store(),
    'Truth': Test(NEAR_TRUE_VIEWS_CONFIG, {}),
}
STORES = {
    **{
        f'{threshold}-every-{interval}': with_store(threshold=threshold, interval=interval)
        for threshold in (0.8, 0.95)
        for interval in (5, 15)
    },
    'Recent': with_store(sampling='recent'),
    'TwoSamples': with_store(num_samples=2),
    'TwoDiverse': with_store(num_samples=2, sampling='diverse'),
    'TwoEven': with_store(num_samples=2, sampling='even'),
    'Blend': with_store(fusion='blend'),
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('--out', type=Path, default=Path('work_dirs/temporal'), help='default: %(default)s')
    add(
        '--data',
        type=Path,
        default=Path('data/synthetic_uav_near'),
        help='the videos, made there when missing; default: %(default)s',
    )
    add('--seeds', type=int, nargs='+', default=[0, 1, 2], help='default: 0 1 2')
    add(
        '--stores',
        nargs='+',
        choices=list(STORES),
        default=[],
        metavar='STORE',
        help=f'columns for other stores than the config has: {", ".join(STORES)}; numbers '
        'are threshold and interval',
    )
    return parser.parse_args()


def main() -> int:
    """Run all stages, print the tables; 1 if a stage failed."""
    args = parse_args()
    experiment = MicroExperiment(
        args.out,
        args.data,
        train_videos=TRAIN_VIDEOS,
        test_videos=TEST_VIDEOS,
        data_options=DATA_OPTIONS,
    )
    tests = {**TESTS, **{name: STORES[name] for name in args.stores}}
    try:
        train_and_test(experiment, tests, args.seeds)
    except StageError as error:
        print(error, file=sys.stderr)
        return 1
    show(experiment, list(tests), args.seeds)
    return 0


def train_and_test(
    experiment: MicroExperiment, tests: Mapping[str, Test], seeds: Sequence[int]
) -> None:
    """Two stages at a time."""
    run_stages([experiment.make_data()])
    trainings = {seed: experiment.train_near(seed) for seed in seeds}
    run_stages(list(trainings.values()), parallel=2)
    stages: List[Stage] = []
    for name, (config, options) in tests.items():
        for seed, training in trainings.items():
            run, checkpoint = run_name(name, seed), experiment.near_checkpoint(seed)
            stages.append(experiment.test(run, config, checkpoint, training, options))
    run_stages(stages, parallel=2)


def show(experiment: MicroExperiment, names: Sequence[str], seeds: Sequence[int]) -> None:
    """Print and write the tables."""
    from mmeatrack.files.ground_truth import load_attributes, load_ground_truth

    truth = load_ground_truth(experiment.data / 'test')
    attributes = load_attributes(truth, ())
    runs = {name: [run_name(name, seed) for seed in seeds] for name in names}
    tables = [gain_table(experiment, truth, attributes, runs)]
    tables.append(store_table(experiment, attributes, runs[WITH]))
    tables.append(report_scores(experiment, truth, runs[WITH]))
    text = '\n'.join(tables)
    path = experiment.out / 'ablation_temporal.md'
    path.write_text(text)
    print(f'\n{text}\nseeds {list(seeds)}; also in {path}, and reliability.png there')


def gain_table(
    experiment: MicroExperiment,
    truth: 'GroundTruth',
    attributes: Mapping[str, Sequence[str]],
    runs: Mapping[str, List[str]],
) -> str:
    """An attribute a line: success AUC without adaptation, and what each other test adds."""
    from lab.experiments.results import score_runs
    from mmeatrack.evaluation.tables import markdown_table

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
    """Score without adaptation, then the gain of each other test, paired by seed."""
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
    """An attribute a line: what the stores took, and how often the target was lost and found."""
    from mmeatrack.engine.store_log import add_up, read_store_log
    from mmeatrack.evaluation.tables import markdown_table

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


def report_scores(experiment: MicroExperiment, truth: 'GroundTruth', runs: Sequence[str]) -> str:
    """Plot how well the scores tell right boxes from wrong ones; returns a line on it."""
    import numpy as np

    from lab.experiments.results import read_run
    from mmeatrack.evaluation.calibration import (
        calibration_summary,
        reliability,
        scored_predictions,
    )
    from mmeatrack.visualization.figures import plot_reliability

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


if __name__ == '__main__':
    sys.exit(main())
