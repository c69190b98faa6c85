"""What temporal adaptation brings, by attribute, on a synthetic UAV set of its own.

Trains the distilled micro student with several seeds, unless that was done before (it shares its
folder with the demo and the ablation), and tests each without and with its Target Store on 60
videos of another seed, by mmtrack's own script. Writes a table of success AUC by attribute, mean
and standard error over the seeds. --stores adds rows of other samplings, fusions and intervals.

python tools/ablation_temporal.py --seeds 0 1 2
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Dict, List, Sequence

from mmeatrack.evaluation.benchmark_report import score_trackers
from mmeatrack.evaluation.ground_truth import load_attributes, load_ground_truth
from mmeatrack.evaluation.result_source import open_results
from mmeatrack.evaluation.tables import markdown_table
from mmeatrack.experiments import Stage, StageError, run_stages
from mmeatrack.experiments.micro import STUDENT_CONFIG, TEMPORAL_CONFIG, MicroExperiment, run_name
from mmeatrack.experiments.seeds import mean_and_error

SET_SEED, VIDEOS = 3, 60
WITHOUT, WITH = 'Without', 'With'
STORES: Dict[str, Dict[str, object]] = {
    'Recent': {'sampling': 'recent'},
    'Diverse': {'sampling': 'diverse'},
    'Even': {'sampling': 'even'},
    'Blend': {'fusion': 'blend'},
    'TwoSamples': {'num_samples': 2},
    'Interval10': {'interval': 10},
    'Interval20': {'interval': 20},
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('--out', type=Path, default=Path('work_dirs/demo'), help='default: %(default)s')
    add('--data', type=Path, default=Path('data/synthetic_uav'), help='default: %(default)s')
    add(
        '--test-data',
        type=Path,
        default=Path('data/synthetic_uav_temporal'),
        help='default: %(default)s',
    )
    add('--seeds', type=int, nargs='+', default=[0, 1, 2], help='default: 0 1 2')
    add('--stores', action='store_true', help='rows for other stores than the config has')
    return parser.parse_args()


def main() -> int:
    """Run all stages, print the table; 1 if a stage failed."""
    args = parse_args()
    threads = max(1, (os.cpu_count() or 1) // 2)
    experiment = MicroExperiment(args.out, args.data, threads)
    on_test_data = MicroExperiment(args.out / 'temporal', args.test_data, threads)
    names = [WITHOUT, WITH, *(STORES if args.stores else ())]
    try:
        train_and_test(experiment, on_test_data, names, args.seeds)
    except StageError as error:
        print(error, file=sys.stderr)
        print('What is finished is kept: run the same command to go on.', file=sys.stderr)
        return 1
    show(on_test_data, names, args.seeds)
    return 0


def train_and_test(
    experiment: MicroExperiment,
    on_test_data: MicroExperiment,
    names: Sequence[str],
    seeds: Sequence[int],
) -> None:
    """Two stages at a time."""
    run_stages([experiment.make_data(), on_test_data.make_data(1, VIDEOS, SET_SEED)])
    run_stages([experiment.train_teacher()])
    trainings = {seed: experiment.train_distilled(seed=seed) for seed in seeds}
    run_stages(list(trainings.values()), parallel=2)
    tests: List[Stage] = []
    for seed, training in trainings.items():
        checkpoint = experiment.student_checkpoint(run_name('distilled', seed))
        for name in names:
            config = STUDENT_CONFIG if name == WITHOUT else TEMPORAL_CONFIG
            options = {
                f'custom_hooks.0.store.{key}': value for key, value in STORES.get(name, {}).items()
            }
            run = run_name(name, seed)
            tests.append(on_test_data.test(run, config, checkpoint, training, options))
    run_stages(tests, parallel=2)


def show(on_test_data: MicroExperiment, names: Sequence[str], seeds: Sequence[int]) -> None:
    """The table: an attribute a line, a store a column."""
    truth = load_ground_truth(on_test_data.data / 'test')
    attributes = load_attributes(truth, ())
    runs = {name: [run_name(name, seed) for seed in seeds] for name in names}
    files = [
        file
        for each in runs.values()
        for run in each
        for file in open_results(f'{run}={on_test_data.out / "results" / run}', truth.boxes)
    ]
    report = score_trackers(truth, files, 'miss', None, attributes)
    lines = {'all': {run: report[run]['success_auc'] for each in runs.values() for run in each}}
    counts = {'all': len(truth.boxes)}
    for attribute, entry in sorted(report[runs[WITHOUT][0]]['per_attribute'].items()):
        counts[attribute] = entry['num_sequences']
        lines[attribute] = {
            run: report[run]['per_attribute'][attribute]['success_auc'] for run in lines['all']
        }
    rows = [
        [attribute, str(counts[attribute]), *row_of(scores, runs)]
        for attribute, scores in lines.items()
    ]
    header = ['attribute', 'videos', 'without', *(f'{name.lower()}: gain' for name in names[1:])]
    table = markdown_table(header, rows)
    (on_test_data.out / 'ablation_temporal.md').write_text(table)
    print(f'\n{table}\nsuccess AUC, seeds {list(seeds)}; {on_test_data.out}/ablation_temporal.md')


def row_of(scores: Dict[str, float], runs: Dict[str, List[str]]) -> List[str]:
    """Score without a store, then the gain of each store, paired by seed."""
    without = [100 * scores[run] for run in runs[WITHOUT]]
    cells = [mean_and_error(without)]
    for name in list(runs)[1:]:
        gains = [100 * scores[run] - base for run, base in zip(runs[name], without)]
        cells.append(('+' if sum(gains) >= 0 else '') + mean_and_error(gains))
    return cells


if __name__ == '__main__':
    sys.exit(main())
