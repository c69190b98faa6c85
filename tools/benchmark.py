"""Measure the costs of distillation, temporal adaptation and many targets against bounds.

train: time and memory of a distillation step beside the student's step and the teacher's forward.
temporal: time per frame with the Target Store beside without.
store-memory: memory of the store in a long video.
targets: time per frame with many targets in one batch beside as many single calls.
speed: trackers side by side, network alone and from frame to box.

Exit status: 0, 1 for an error of the input, 2 if a bound is missed.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ContextManager, Iterator, Optional, Sequence

from lab.speed_command import add_options, at_least_one, measure_speed, output_files

if TYPE_CHECKING:
    from lab.costs import BenchmarkReport

DISTILLATION = 'configs/eatrack/eatrack_micro_distill_1xb16-500i_synthetic-uav.py'
TRACKER = 'configs/eatrack/eatrack_deit-tiny_test-uav123.py'


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest='command', required=True)
    train = commands.add_parser('train', help='a distillation step')
    train.add_argument('--config', default=DISTILLATION, help='default: %(default)s')
    train.add_argument('--batch-size', type=at_least_one, help="default: the config's")
    train.add_argument('--rounds', type=at_least_one, default=30, help='default: %(default)s')
    train.add_argument(
        '--without',
        nargs='+',
        choices=['memory', 'loader'],
        default=[],
        help='leave out a measurement',
    )
    temporal = commands.add_parser('temporal', help='a frame of tracking')
    temporal.add_argument('--config', default=TRACKER, help='default: %(default)s')
    temporal.add_argument(
        '--interval', type=at_least_one, help="frames between activations (default: the config's)"
    )
    temporal.add_argument(
        '--periods', type=at_least_one, default=60, help='intervals (default: %(default)s)'
    )
    targets = commands.add_parser('targets', help='a frame with many targets')
    targets.add_argument(
        '--config', default='eatrack_nano', help='or a shipped tracker (default: %(default)s)'
    )
    targets.add_argument(
        '--counts',
        type=at_least_one,
        nargs='+',
        default=[1, 2, 4, 8, 16, 32, 64],
        help='numbers of targets (default: %(default)s)',
    )
    targets.add_argument('--rounds', type=at_least_one, default=10, help='default: %(default)s')
    speed = commands.add_parser('speed', help='trackers side by side')
    add_options(speed)
    for command in (train, temporal, targets, speed):
        command.add_argument('--device', default='cpu', help='cpu, cuda:0 ... (default: cpu)')
        command.add_argument(
            '--threads', type=at_least_one, default=1, help='of the CPU (default: %(default)s)'
        )
    store = commands.add_parser('store-memory', help='a long video')
    store.add_argument('--frames', type=at_least_one, default=100000, help='default: %(default)s')
    for command in (train, temporal, store, targets, speed):
        command.add_argument(
            '--out', type=Path, metavar='FILE.md', help='write the report there too'
        )
        command.add_argument(
            '--overwrite', action='store_true', help='replace a --out that this tool did not write'
        )
    return parser.parse_args(argv)


def train(args: argparse.Namespace) -> 'BenchmarkReport':
    """Measure the training."""
    from tqdm import tqdm

    from lab.costs import BenchmarkReport, training_cost

    config = prepare(args)
    batch_size = args.batch_size or config.train_dataloader.batch_size
    report = BenchmarkReport('Cost of distillation', args.device)
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
    return report


def first_batches(
    config: Any, batch_size: int, report: 'BenchmarkReport'
) -> Optional[Iterator[Any]]:
    """The training data; None, and a line in the report, if it is not there."""
    from lab.costs.training_cost import endless_batches

    batches = endless_batches(config, batch_size)
    try:
        next(batches)
    except FileNotFoundError as error:
        report.text(
            f'Loader: not measured, for want of data ({error}). The synthetic set is made by '
            '`python tools/make_synthetic_uav.py`.'
        )
        return None
    return batches


def temporal(args: argparse.Namespace) -> 'BenchmarkReport':
    """Measure the tracking."""
    from tqdm import tqdm

    from lab.costs import BenchmarkReport, temporal_cost

    config = prepare(args)
    store = temporal_cost.store_config(config, args.interval)
    trackers = temporal_cost.build_trackers(config, store, args.device)
    interval = store['interval']
    report = BenchmarkReport('Cost of temporal adaptation', args.device)
    report.text(f'{args.config}, interval {interval}, {args.periods * interval} frames.')
    with tqdm(total=args.periods * interval, unit='frame') as bar:
        seconds = temporal_cost.time_frames(
            trackers, interval, args.periods, args.device, bar.update
        )
    temporal_cost.report_frames(report, seconds)
    parts = temporal_cost.time_parts(trackers['without'], 20, args.device)
    temporal_cost.report_parts(report, parts)
    return report


def targets(args: argparse.Namespace) -> 'BenchmarkReport':
    """Measure the tracking of many targets."""
    from mmengine.config import Config
    from tqdm import tqdm

    from lab.costs import BenchmarkReport, target_cost
    from mmeatrack.apis import load_tracker
    from mmeatrack.registry import MODELS

    config = prepare(args)
    if isinstance(config, Config):
        model = MODELS.build(config.model.get('architecture', config.model)).to(args.device).eval()
    else:
        model = load_tracker(config, device=args.device)
    report = BenchmarkReport('Cost of many targets', args.device)
    report.text(f'{args.config}, float32, {args.rounds} frames of 1280x720 px.')
    with tqdm(total=len(args.counts), unit='count') as bar:
        seconds = target_cost.time_targets(
            model.float(), args.counts, args.rounds, args.device, bar.update
        )
    target_cost.report_targets(report, seconds)
    return report


def store_memory(args: argparse.Namespace) -> 'BenchmarkReport':
    """Measure the store."""
    from tqdm import tqdm

    from lab.costs import BenchmarkReport, store_memory

    report = BenchmarkReport('Memory of the Target Store')
    variants = {'fixed': {}, 'auto': dict(threshold='auto', interval='auto')}
    for name, given in variants.items():
        with tqdm(total=args.frames, unit='frame', desc=name) as bar:
            found = store_memory.feed_store(args.frames, on_sample=bar.update, **given)
        store_memory.report_store(report, name, found)
    return report


def prepare(args: argparse.Namespace) -> Any:
    """Prepare the process, and read the config; the name of a shipped tracker stays."""
    from mmengine.config import Config

    from mmeatrack.conversion.published import shipped_trackers

    prepare_process(args)
    return args.config if args.config in shipped_trackers() else Config.fromfile(args.config)


def prepare_process(args: argparse.Namespace) -> None:
    """Set the seed and the threads."""
    import cv2
    import torch
    from mmengine.logging import MMLogger
    from mmengine.runner import set_random_seed
    from mmtrack.utils import register_all_modules

    if args.device != 'cpu' and not torch.cuda.is_available():
        raise ValueError(f'--device {args.device}: this torch sees no GPU; it is cpu.')
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(0)
    set_random_seed(0)
    register_all_modules(init_default_scope=True)
    MMLogger.get_current_instance().setLevel('WARNING')


def speed(args: argparse.Namespace) -> 'BenchmarkReport':
    """Measure trackers side by side."""
    prepare_process(args)
    return measure_speed(args)


COMMANDS = {
    'train': train,
    'temporal': temporal,
    'targets': targets,
    'store-memory': store_memory,
    'speed': speed,
}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; errors of the input are one line."""
    args = parse_args(sys.argv[1:] if argv is None else argv)
    measure = COMMANDS[args.command]
    try:
        with claimed(args):
            report = measure(args)
            print(report)
            if args.out:
                report.write(args.out)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 2 if report.missed else 0


def claimed(args: argparse.Namespace) -> ContextManager[None]:
    """Claim of ``--out``: it must be no input, and no file of other origin."""
    from mmeatrack.files.outputs import claimed_outputs

    outputs = [args.out] if args.out else []
    if args.out and args.command == 'speed':
        outputs += output_files(args.out)
    inputs = [args.config] if 'config' in args else []
    return claimed_outputs(outputs, inputs, tool='benchmark.py', overwrite=args.overwrite)


if __name__ == '__main__':
    sys.exit(main())
