"""Measure the gain of temporal adaptation by attribute, on synthetic videos of one effect each.

Trains the micro student on short-range pairs with several seeds, and tests it with mmtrack's own
script in five steps, each on top of the last: no adaptation, search for a lost target, template in
the temporal slot, views of the Target Store there, and oracle views of every 5th frame, the upper
bound of any store. Writes tables of success AUC by attribute (mean and standard error over the
seeds) and of the stored views, and a reliability plot of the scores. --stores adds other
thresholds, intervals, samplings and fusions.

python tools/ablation_temporal.py --seeds 0 1 2 \\
    --stores 0.8-every-5 0.8-every-15 0.95-every-5 0.95-every-15
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from lab.experiments import Stage, run_stages
from lab.experiments.micro import (
    NEAR_ORACLE_VIEWS_CONFIG,
    NEAR_TEMPORAL_CONFIG,
    WITH,
    WITHOUT,
    MicroExperiment,
    add_options,
    run_name,
)
from mmeatrack.files.command_line import run_tool, tool_parser
from mmeatrack.files.outputs import claimed_outputs

TRAIN_VIDEOS, TEST_VIDEOS = 240, 100
DATA_OPTIONS = ('--test-mixing', '0', '--seed', '3')


class Test(NamedTuple):
    """Column of the table: the config and its ``--cfg-options``."""

    config: Path
    options: Dict[str, object]


def with_store(**store: object) -> Test:
    """Test with store arguments that override the config's, which are 'auto'."""
    options = {f'custom_hooks.0.store.{key}': value for key, value in store.items()}
    return Test(NEAR_TEMPORAL_CONFIG, options)


NO_STORE = {'custom_hooks': '[]'}
EMPTY_SLOT = {**NO_STORE, 'model.test_cfg.fill_slot': False}
# Each adds to the one before.
TESTS = {
    WITHOUT: Test(NEAR_TEMPORAL_CONFIG, {**EMPTY_SLOT, 'model.test_cfg.lost_search_factor': None}),
    'Search': Test(NEAR_TEMPORAL_CONFIG, EMPTY_SLOT),
    'Filled': Test(NEAR_TEMPORAL_CONFIG, NO_STORE),
    WITH: with_store(),
    'Truth': Test(NEAR_ORACLE_VIEWS_CONFIG, {}),
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


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument(
        '--stores',
        nargs='+',
        choices=list(STORES),
        default=[],
        metavar='STORE',
        help=f'add columns for other stores: {", ".join(STORES)}; the numbers are threshold and '
        'interval',
    )
    add_options(parser, 'work_dirs/temporal', 'data/synthetic_uav_near', (0, 1, 2))
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(run, parse_args(argv))


def run(args: argparse.Namespace) -> None:
    """Run the stages that are not finished; print and write the tables."""
    experiment = MicroExperiment(
        args.out,
        args.data,
        train_videos=TRAIN_VIDEOS,
        test_videos=TEST_VIDEOS,
        data_options=DATA_OPTIONS,
    )
    tests = {**TESTS, **{name: STORES[name] for name in args.stores}}
    outputs = [args.out / 'ablation_temporal.md', args.out / 'reliability.png']
    with claimed_outputs(outputs, tool='ablation_temporal.py', overwrite=args.overwrite):
        train_and_test(experiment, tests, args.seeds)

        from lab.experiments.temporal_tables import show

        show(experiment, list(tests), args.seeds)


def train_and_test(
    experiment: MicroExperiment, tests: Mapping[str, Test], seeds: Sequence[int]
) -> None:
    """Train the students, then test; two stages at a time."""
    run_stages([experiment.make_data()])
    trainings = {seed: experiment.train_near(seed) for seed in seeds}
    run_stages(list(trainings.values()), parallel=2)
    stages: List[Stage] = []
    for name, (config, options) in tests.items():
        for seed, training in trainings.items():
            run, checkpoint = run_name(name, seed), experiment.near_checkpoint(seed)
            stages.append(experiment.test(run, config, checkpoint, training, options))
    run_stages(stages, parallel=2)


if __name__ == '__main__':
    sys.exit(main())
