"""Command ``speed`` of tools/benchmark.py: its options, and the order of its measurements."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, List, Sequence

if TYPE_CHECKING:
    from lab.costs import BenchmarkReport
    from lab.costs.speed_trackers import Line


def at_least_one(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text!r}: give a whole number of at least 1')
    return int(text)


def at_least_ten(text: str) -> int:
    """A whole number of at least 10."""
    if at_least_one(text) < 10:
        raise argparse.ArgumentTypeError(f'{text!r}: give at least 10')
    return int(text)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of ``speed``; with --out FILE.md it writes FILE.json and FILE.png, too."""
    add = parser.add_argument
    add(
        '--trackers',
        nargs='*',
        default=['eatrack_nano=eatrack_nano'],
        metavar='NAME=CONFIG[,CHECKPOINT]',
        help='trackers of mmtrack or this package, NAME=NAME for a shipped one; a config alone '
        'runs on random weights (default: eatrack_nano)',
    )
    add(
        '--ways',
        nargs='+',
        choices=['plain', 'fast', 'compiled'],
        default=['plain', 'fast'],
        help="ways of this package's trackers (default: plain fast)",
    )
    add(
        '--exports',
        nargs='*',
        default=[],
        metavar='NAME=FOLDER[,BACKEND[,PRECISION]]',
        help='folders of tools/export.py; onnxruntime and fp32 by default',
    )
    add('--nanotrack', nargs=2, metavar='ONNX', help='backbone and head for cv2.TrackerNano')
    add('--csrt', action='store_true', help='cv2.TrackerCSRT')
    add('--sequences', type=Path, help='folder of sequences as DTB70 has them (default: noise)')
    add('--frames', type=at_least_one, default=100, help='of each sequence (default: %(default)s)')
    add('--rounds', type=at_least_one, default=50, help='of the network (default: %(default)s)')
    add('--memory', action='store_true', help='peak memory, in a process each')
    add(
        '--growth',
        type=at_least_ten,
        metavar='FRAMES',
        help='time of the first tracker against image size, and its time and memory along a video '
        'of so many frames',
    )


def measure_speed(args: argparse.Namespace) -> 'BenchmarkReport':
    """Measure the trackers side by side."""
    from tqdm import tqdm

    from lab.costs import BenchmarkReport, speed_report
    from lab.costs import speed as measure
    from lab.costs.speed_trackers import build
    from lab.costs.tracking_memory import tracking_peak
    from lab.real_sequences import read_sequences

    clips = read_sequences(args.sequences, args.frames) if args.sequences else []
    videos = [measure.read_video(clip) for clip in clips]
    lines, made = _lines(args), {}
    # Compiling takes minutes: wrong arguments of the others are found before.
    for number in sorted(range(len(lines)), key=lambda number: lines[number].way == 'compiled'):
        made[number] = build(lines[number], args.device, args.threads)
    built: dict = {}
    for number, line in enumerate(lines):
        # Those of mmtrack have one way alone.
        built.setdefault(made[number].name, (made[number], line))
    contestants = [contestant for contestant, _ in built.values()]
    videos = videos or [measure.noise_video(args.frames)]
    report = BenchmarkReport('Speed of trackers', args.device)
    source = args.sequences or '720p noise, weights of no matter'
    frames = sum(len(video.frames) for video in videos)
    report.text(f'{speed_report.PROTOCOL} {frames} frames ({source}), {args.rounds} rounds.')
    clock = measure.clock_of(args.device, args.threads)
    with tqdm(unit='round', desc='network') as bar:
        networks = measure.time_networks(contestants, args.rounds, clock, bar.update)
    with tqdm(total=frames, unit='frame', desc='tracking') as bar:
        tracked = measure.track_videos(contestants, videos, bool(args.sequences), clock, bar.update)
    peaks: dict = {}
    if args.memory:
        for name, (_, line) in tqdm(built.items(), desc='memory', unit='process'):
            peaks[name] = tracking_peak(line, args.device, args.threads)
    rate = measure.matmul_rate(args.device, clock)
    report.text(f'Matrix product of 1024 x 1024: {rate / 1e9:.0f} GFLOP/s.')
    found = speed_report.entries(contestants, networks, tracked, rate, peaks)
    speed_report.add_tables(report, found)
    if args.growth:
        _add_growth(report, next(iter(built.values()))[1].sources, args)
    if args.out:
        numbers, picture = output_files(args.out)
        speed_report.write_numbers(numbers, found)
        speed_report.plot_speed(found, picture)
    return report


def _add_growth(
    report: 'BenchmarkReport', sources: Sequence[str], args: argparse.Namespace
) -> None:
    """Measure what the first tracker's time grows with."""
    from tqdm import tqdm

    from lab.costs import growth
    from lab.costs.speed import clock_of
    from lab.costs.speed_trackers import build_model

    model, clock = build_model(sources, args.device), clock_of(args.device, args.threads)
    with tqdm(total=args.growth, unit='frame', desc='long video') as bar:
        length = growth.time_length(model, args.growth, clock, bar.update)
    growth.report_growth(report, growth.time_sizes(model, 20), length)


def _lines(args: argparse.Namespace) -> 'List[Line]':
    """Trackers that the command names.

    Raises:
        ValueError: If there is none, or one is not NAME=SOURCES.
    """
    from lab.costs.speed_trackers import Line

    lines = []
    for kind, given in (('model', args.trackers), ('export', args.exports)):
        for text in given:
            name, _, sources = text.partition('=')
            if not name or not sources:
                raise ValueError(f'{text!r}: give NAME=SOURCES, see --help.')
            ways = args.ways if kind == 'model' else ['fast']
            lines += [Line(kind, name, sources.split(','), way) for way in ways]
    if args.nanotrack:
        lines.append(Line('nanotrack', 'cv2.TrackerNano', args.nanotrack))
    if args.csrt:
        lines.append(Line('csrt', 'cv2.TrackerCSRT'))
    if args.growth and not args.trackers:
        raise ValueError('--growth measures the first of --trackers: name one.')
    if not lines:
        raise ValueError('nothing to compare: give --trackers, --exports, --nanotrack or --csrt.')
    return lines


def output_files(out: Path) -> Sequence[Path]:
    """Numbers and picture beside a report."""
    return out.with_suffix('.json'), out.with_suffix('.png')
