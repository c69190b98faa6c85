"""The paper's ablation of the two distillation losses, on the synthetic UAV set.

Trains the micro student without distillation, with feature distillation, and with feature and
prediction distillation, for the same number of steps and several seeds, tests all by mmtrack's own
script and writes table and plot with mean and standard error. It shares its folder with the demo,
whose teacher and runs it uses; what is finished is not done again.

python tools/ablation.py --seeds 0 1 2
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Dict, List, Optional

from mmeatrack.evaluation.benchmark_report import score_trackers
from mmeatrack.evaluation.ground_truth import load_ground_truth
from mmeatrack.evaluation.result_source import open_results
from mmeatrack.evaluation.tables import markdown_table
from mmeatrack.experiments import Stage, StageError, run_stages
from mmeatrack.experiments.micro import STUDENT_CONFIG, TEACHER_CONFIG, MicroExperiment, run_name
from mmeatrack.experiments.seeds import mean_and_error
from mmeatrack.visualization.ablation_plot import plot_ablation

# Name of the runs, of the results and in the table, and the distiller's arguments; None for no
# distillation.
VARIANTS = (
    ('student', 'Student', 'no distillation', None),
    ('feature', 'Feature', '+ feature', {'prediction_weight': 0.0}),
    ('distilled', 'Distilled', '+ feature + prediction', {}),
)
SCORES = {'success_auc': 'success AUC', 'precision20': 'precision @20px'}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Ablation of the distillation losses.')
    add = parser.add_argument
    add('--out', type=Path, default=Path('work_dirs/demo'), help='default: %(default)s')
    add('--data', type=Path, default=Path('data/synthetic_uav'), help='default: %(default)s')
    add('--seeds', type=int, nargs='+', default=[0, 1, 2], help='default: 0 1 2')
    return parser.parse_args()


def main() -> int:
    """Run all stages, print the table; 1 if a stage failed."""
    args = parse_args()
    experiment = MicroExperiment(args.out, args.data, max(1, (os.cpu_count() or 1) // 2))
    try:
        train_and_test(experiment, args.seeds)
    except StageError as error:
        print(error, file=sys.stderr)
        print('What is finished is kept: run the same command to go on.', file=sys.stderr)
        return 1
    show(experiment, args.seeds)
    return 0


def train_and_test(experiment: MicroExperiment, seeds: List[int]) -> None:
    """Teacher first, then two trainings at a time, then the tests."""
    run_stages([experiment.make_data()])
    teacher = experiment.train_teacher()
    run_stages([teacher])
    trainings: Dict[str, Stage] = {}
    tests = [experiment.test('Teacher', TEACHER_CONFIG, experiment.teacher_checkpoint, teacher)]
    for seed in seeds:
        for variant, result, _, distiller in VARIANTS:
            run = run_name(variant, seed)
            trainings[run] = train(experiment, variant, seed, distiller)
            checkpoint = experiment.student_checkpoint(run)
            name = run_name(result, seed)
            tests.append(experiment.test(name, STUDENT_CONFIG, checkpoint, trainings[run]))
    run_stages(list(trainings.values()), parallel=2)
    run_stages(tests)


def train(
    experiment: MicroExperiment, variant: str, seed: int, distiller: Optional[Dict[str, object]]
) -> Stage:
    """The training of a variant."""
    if distiller is None:
        return experiment.train_student(seed)
    return experiment.train_distilled(variant, seed, distiller)


def show(experiment: MicroExperiment, seeds: List[int]) -> None:
    """Table and plot."""
    truth = load_ground_truth(experiment.data / 'test')
    runs = {label: [run_name(result, seed) for seed in seeds] for _, result, label, _ in VARIANTS}
    runs['teacher'] = ['Teacher']
    files = [
        file
        for names in runs.values()
        for name in names
        for file in open_results(f'{name}={experiment.out / "results" / name}', truth.boxes)
    ]
    report = score_trackers(truth, files, 'miss')
    scores = {
        label: {key: [100 * report[name][key] for name in names] for key in SCORES}
        for label, names in runs.items()
    }
    rows = [
        [label, *(mean_and_error(found[key]) for key in SCORES)] for label, found in scores.items()
    ]
    table = markdown_table(['distillation', *SCORES.values()], rows)
    (experiment.out / 'ablation.md').write_text(table)
    aucs = {label: found['success_auc'] for label, found in scores.items()}
    plot_ablation(aucs, SCORES['success_auc'], experiment.out / 'ablation.png')
    print(f'\n{table}\nseeds {seeds}; table and plot: {experiment.out}/ablation.md, .png')


if __name__ == '__main__':
    sys.exit(main())
