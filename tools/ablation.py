"""Repeat the paper's ablation of the two distillation losses on the synthetic UAV set.

Trains the micro student without distillation, with feature distillation, and with feature and
prediction distillation, for the same number of steps and several seeds. Tests all with mmtrack's
own script; writes a table and a plot with mean and standard error. --options adds a row for each
option of the distillation with both losses. Shares its folder with the demo and reuses the demo's
teacher and runs; finished stages are not run again.

python tools/ablation.py --seeds 0 1 2
"""

import argparse
import sys
from itertools import chain
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

from lab.experiments import Stage, run_stages
from lab.experiments.micro import (
    STUDENT_CONFIG,
    TEACHER_CONFIG,
    MicroExperiment,
    add_options,
    run_name,
)
from mmeatrack.files.command_line import run_tool, tool_parser
from mmeatrack.files.outputs import claimed_outputs

SCORES = {'success_auc': 'success AUC', 'precision20': 'precision @20px'}


class Variant(NamedTuple):
    """A row of the table.

    Attributes:
        run: Name of its training runs.
        label: Name in the table.
        train: Builds the training stage from an experiment and a seed.
    """

    run: str
    label: str
    train: Callable[[MicroExperiment, int], Stage]

    def result(self, seed: int) -> str:
        """Name of the results: 'MaskSoft' for the run 'mask-soft'."""
        return run_name(self.run.title().replace('-', ''), seed)


def distilled(run: str, label: str, **distiller: object) -> Variant:
    """Variant with distiller arguments that override the config's."""
    return Variant(
        run, label, lambda experiment, seed: experiment.train_distilled(run, seed, distiller)
    )


LOSSES = (
    Variant('student', 'no distillation', MicroExperiment.train_student),
    distilled('feature', '+ feature', prediction_weight=0.0),
    distilled('distilled', '+ feature + prediction'),
)
AS_PRINTED = dict(support='map', reduction='paper', feature_weight=1.0, prediction_weight=1.0)
OPTIONS = (
    distilled('mask-soft', 'soft-edged mask', **{'feature_mask.shape': 'soft'}),
    distilled('mask-gaussian', 'Gaussian mask', **{'feature_mask.shape': 'gaussian'}),
    distilled('tokens-all', 'template tokens too', tokens='all'),
    distilled('direction', 'KL(teacher, student)', direction='teacher_student'),
    distilled('temperature', 'temperature 2', temperature=2.0),
    distilled('map', 'L_pred as printed', support='map'),
    distilled('paper', 'both losses and weights as printed', **AS_PRINTED),
    Variant(
        'auto',
        "layer_pairs='auto'",
        lambda experiment, seed: experiment.train_auto_paired('auto', seed),
    ),
    Variant(
        'two-teachers',
        'two teachers',
        lambda experiment, seed: experiment.train_from_two_teachers('two-teachers', seed),
    ),
)


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument(
        '--options', action='store_true', help='add a row for each option of the distillation'
    )
    add_options(parser, 'work_dirs/demo', 'data/synthetic_uav', (0, 1, 2))
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(run, parse_args(argv))


def run(args: argparse.Namespace) -> None:
    """Run the stages that are not finished; print and write the table."""
    experiment = MicroExperiment(args.out, args.data)
    variants = [*LOSSES, *(OPTIONS if args.options else ())]
    outputs = [args.out / 'ablation.md', args.out / 'ablation.png']
    with claimed_outputs(outputs, tool='ablation.py', overwrite=args.overwrite):
        train_and_test(experiment, variants, args.seeds)
        show(experiment, variants, args.seeds)


def train_and_test(experiment: MicroExperiment, variants: List[Variant], seeds: List[int]) -> None:
    """Train the teachers, then the students, then test; two stages at a time."""
    run_stages([experiment.make_data()])
    trainings: Dict[str, Stage] = {}
    teacher = experiment.train_teacher()
    tests = [experiment.test('Teacher', TEACHER_CONFIG, experiment.teacher_checkpoint, teacher)]
    for variant in variants:
        for seed in seeds:
            run = run_name(variant.run, seed)
            trainings[run] = variant.train(experiment, seed)
            tests.append(
                experiment.test(
                    variant.result(seed),
                    STUDENT_CONFIG,
                    experiment.student_checkpoint(run),
                    trainings[run],
                )
            )
    # The teachers and undistilled students that other stages depend on, each once.
    prerequisites = {
        stage.name: stage
        for training in trainings.values()
        for stage in training.after
        if stage.name != experiment.make_data().name
    }
    run_stages(list(prerequisites.values()), parallel=2)
    run_stages(
        [stage for stage in trainings.values() if stage.name not in prerequisites], parallel=2
    )
    run_stages(tests, parallel=2)


def show(experiment: MicroExperiment, variants: List[Variant], seeds: List[int]) -> None:
    """Print the table; write it and the plot."""
    from lab.experiments.results import mean_and_error, plot_ablation, score_runs
    from mmeatrack.evaluation.tables import markdown_table
    from mmeatrack.files.atomic import write_atomically
    from mmeatrack.files.ground_truth import load_ground_truth

    truth = load_ground_truth(experiment.data / 'test')
    runs = {each.label: [each.result(seed) for seed in seeds] for each in variants}
    runs['teacher'] = ['Teacher']
    report = score_runs(experiment.results, [*chain.from_iterable(runs.values())], truth)
    scores = {
        label: {key: [100 * getattr(report[name].scores, key) for name in names] for key in SCORES}
        for label, names in runs.items()
    }
    rows = [
        [label, *(mean_and_error(found[key]) for key in SCORES)] for label, found in scores.items()
    ]
    table = markdown_table(['distillation', *SCORES.values()], rows)
    write_atomically(experiment.out / 'ablation.md', table)
    aucs = {label: found['success_auc'] for label, found in scores.items()}
    plot_ablation(aucs, SCORES['success_auc'], experiment.out / 'ablation.png')
    print(f'\n{table}\nseeds {seeds}; table and plot: {experiment.out}/ablation.md, .png')


if __name__ == '__main__':
    sys.exit(main())
