"""Measure the costs of distillation, temporal adaptation and many targets against bounds.

train: time and memory of a distillation step against a student step and a teacher forward.
temporal: time per frame with and without the Target Store.
store-memory: memory of the store in a long video.
targets: time per frame of many targets in one batch against as many single calls.
speed: trackers side by side, network alone and from frame to box.

Exit status: 0, 1 for an invalid input, 2 for a missed bound or an invalid option.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Optional, Sequence

from lab.speed_command import add_options, measure_speed, output_files
from mmeatrack.files.command_line import add_overwrite, at_least, run_tool, tool_parser
from mmeatrack.files.outputs import claimed_outputs

if TYPE_CHECKING:
    from lab.costs import BenchmarkReport

DISTILLATION = 'configs/eatrack/eatrack_micro_distill_1xb16-500i_synthetic-uav.py'
TRACKER = 'configs/eatrack/eatrack_deit-tiny_test-uav123.py'


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    default = 'default: %(default)s'

    train = commands.add_parser('train', help='a distillation step')
    train.add_argument('--config', default=DISTILLATION, help=default)
    train.add_argument('--batch-size', type=at_least(1), help="default: the config's")
    train.add_argument('--rounds', type=at_least(1), default=30, help=default)
    train.add_argument(
        '--without', nargs='+', choices=['memory', 'loader'], default=[], help='skip a measurement'
    )

    temporal = commands.add_parser('temporal', help='a frame of tracking')
    temporal.add_argument('--config', default=TRACKER, help=default)
    temporal.add_argument(
        '--interval', type=at_least(1), help="frames between activations (default: the config's)"
    )
    temporal.add_argument('--periods', type=at_least(1), default=60, help=f'intervals ({default})')

    targets = commands.add_parser('targets', help='a frame with many targets')
    targets.add_argument(
        '--config', default='eatrack_nano', help=f'config or shipped tracker ({default})'
    )
    targets.add_argument(
        '--counts',
        type=at_least(1),
        nargs='+',
        default=[1, 2, 4, 8, 16, 32, 64],
        help=f'numbers of targets ({default})',
    )
    targets.add_argument('--rounds', type=at_least(1), default=10, help=default)

    speed = commands.add_parser('speed', help='trackers side by side')
    add_options(speed)
    for command in (train, temporal, targets, speed):
        command.add_argument('--device', default='cpu', help=f'cpu, cuda:0 ... ({default})')
        command.add_argument(
            '--threads', type=at_least(1), default=1, help=f'on the CPU ({default})'
        )

    store = commands.add_parser('store-memory', help='a long video')
    store.add_argument('--frames', type=at_least(1), default=100000, help=default)
    store.set_defaults(device='cpu')
    for command in (train, temporal, store, targets, speed):
        command.add_argument('--out', type=Path, metavar='FILE.md', help='file for the report')
        add_overwrite(command)
    return parser.parse_args(argv)


def train(args: argparse.Namespace, report: 'BenchmarkReport') -> None:
    """Measure a distillation step."""
    from mmengine.config import Config
    from tqdm import tqdm

    from lab.costs import training_cost

    config = Config.fromfile(args.config)
    batch_size = args.batch_size or config.train_dataloader.batch_size
    report.text(f'{args.config}, batches of {batch_size}, {args.rounds} rounds.')
    batches = None if 'loader' in args.without else first_batches(config, batch_size, report)
    with tqdm(total=args.rounds, unit='round') as bar:
        seconds = training_cost.time_steps(
            config, batch_size, args.device, args.rounds, batches, bar.update
        )
    training_cost.report_times(report, seconds, batch_size)
    if batches is not None:
        training_cost.report_loader(report, seconds, batch_size)
    if 'memory' not in args.without:
        print('peak memory: three processes', file=sys.stderr)
        training_cost.report_memory(report, args.config, batch_size, args.device, args.threads)


def first_batches(
    config: Any, batch_size: int, report: 'BenchmarkReport'
) -> Optional[Iterator[Any]]:
    """Batches of the training data; None, and a line in the report, if the data is missing."""
    from lab.costs.training_cost import endless_batches

    batches = endless_batches(config, batch_size)
    try:
        next(batches)
    except FileNotFoundError as error:
        report.text(
            f'Loader: not measured, the data is missing ({error}). Make the synthetic set with '
            '`python tools/make_synthetic_uav.py`.'
        )
        return None
    return batches


def temporal(args: argparse.Namespace, report: 'BenchmarkReport') -> None:
    """Measure a frame with and without the Target Store."""
    from mmengine.config import Config
    from tqdm import tqdm

    from lab.costs import temporal_cost

    config = Config.fromfile(args.config)
    store = temporal_cost.store_config(config, args.interval)
    trackers = temporal_cost.build_trackers(config, store, args.device)
    interval = store['interval']
    report.text(f'{args.config}, interval {interval}, {args.periods * interval} frames.')
    with tqdm(total=args.periods * interval, unit='frame') as bar:
        seconds = temporal_cost.time_frames(
            trackers, interval, args.periods, args.device, bar.update
        )
    temporal_cost.report_frames(report, seconds)
    parts = temporal_cost.time_parts(trackers['without'], 20, args.device)
    temporal_cost.report_parts(report, parts)


def targets(args: argparse.Namespace, report: 'BenchmarkReport') -> None:
    """Measure a frame with many targets."""
    from mmengine.config import Config
    from tqdm import tqdm

    from lab.costs import target_cost
    from mmeatrack.apis import load_tracker
    from mmeatrack.conversion.published import shipped_trackers
    from mmeatrack.registry import MODELS

    if args.config in shipped_trackers():
        model = load_tracker(args.config, device=args.device)
    else:
        cfg = Config.fromfile(args.config).model
        model = MODELS.build(cfg.get('architecture', cfg)).to(args.device).eval()
    report.text(f'{args.config}, float32, {args.rounds} frames of 1280x720 px.')
    with tqdm(total=len(args.counts), unit='count') as bar:
        seconds = target_cost.time_targets(
            model.float(), args.counts, args.rounds, args.device, bar.update
        )
    target_cost.report_targets(report, seconds)


def store_memory(args: argparse.Namespace, report: 'BenchmarkReport') -> None:
    """Measure the store's memory."""
    from tqdm import tqdm

    from lab.costs import store_memory

    variants = {'fixed': {}, 'auto': dict(threshold='auto', interval='auto')}
    for name, given in variants.items():
        with tqdm(total=args.frames, unit='frame', desc=name) as bar:
            found = store_memory.feed_store(args.frames, on_sample=bar.update, **given)
        store_memory.report_store(report, name, found)


def prepare_process(args: argparse.Namespace) -> None:
    """Set the seed and the threads."""
    import cv2
    import torch
    from mmengine.logging import MMLogger
    from mmengine.runner import set_random_seed
    from mmtrack.utils import register_all_modules

    if args.device != 'cpu' and not torch.cuda.is_available():
        raise ValueError(f'--device {args.device}: this torch sees no GPU; give cpu.')
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(0)
    set_random_seed(0)
    register_all_modules(init_default_scope=True)
    MMLogger.get_current_instance().setLevel('WARNING')


MEASURES = {
    'train': ('Cost of distillation', train),
    'temporal': ('Cost of temporal adaptation', temporal),
    'targets': ('Cost of many targets', targets),
    'store-memory': ('Memory of the Target Store', store_memory),
}


def run(args: argparse.Namespace) -> int:
    """Measure, print and write the report; return 2 if a bound is missed."""
    from lab.costs import BenchmarkReport

    outputs = [args.out] if args.out else []
    if args.out and args.command == 'speed':
        outputs += output_files(args.out)
    inputs = [args.config] if 'config' in args else []
    with claimed_outputs(outputs, inputs, tool='benchmark.py', overwrite=args.overwrite):
        if args.command != 'store-memory':
            prepare_process(args)
        if args.command == 'speed':
            report = measure_speed(args)
        else:
            title, measure = MEASURES[args.command]
            report = BenchmarkReport(title, args.device)
            measure(args, report)
        print(report)
        if args.out:
            report.write(args.out)
    return 2 if report.missed else 0


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
