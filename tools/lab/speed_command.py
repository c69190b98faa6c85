"""Command ``speed`` of tools/benchmark.py: its options, and the order of its measurements."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, List, Sequence

from mmeatrack.files.command_line import at_least

if TYPE_CHECKING:
    from lab.costs import BenchmarkReport
    from lab.costs.speed_trackers import Line


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``speed``; with --out FILE.md it writes FILE.json and FILE.png too."""
    add = parser.add_argument
    add(
        '--trackers',
        nargs='*',
        default=['eatrack_nano=eatrack_nano'],
        metavar='NAME=CONFIG[,CHECKPOINT]',
        help='trackers of mmtrack or this package; NAME=SHIPPED for a shipped one; a config '
        'without a checkpoint has random weights (default: eatrack_nano)',
    )
    add(
        '--ways',
        nargs='+',
        choices=['plain', 'fast', 'compiled'],
        default=['plain', 'fast'],
        help="ways to run this package's trackers (default: plain fast)",
    )
    add(
        '--exports',
        nargs='*',
        default=[],
        metavar='NAME=FOLDER[,BACKEND[,PRECISION]]',
        help='folders written by tools/export.py (default: onnxruntime, fp32)',
    )
    add('--nanotrack', nargs=2, metavar='ONNX', help='backbone and head of cv2.TrackerNano')
    add('--csrt', action='store_true', help='cv2.TrackerCSRT')
    add('--sequences', type=Path, help="folder of sequences in DTB70's layout (default: noise)")
    add('--frames', type=at_least(1), default=100, help='per sequence (default: %(default)s)')
    add('--rounds', type=at_least(1), default=50, help='of the network (default: %(default)s)')
    add('--memory', action='store_true', help='peak memory of each tracker in its own process')
    add(
        '--growth',
        type=at_least(10),
        metavar='FRAMES',
        help='time of the first tracker by image size, and its time and memory along a video of '
        'this length',
    )


def measure_speed(args: argparse.Namespace) -> 'BenchmarkReport':
    """Measure the trackers against each other."""
    from tqdm import tqdm

    from lab.costs import BenchmarkReport, speed_report
    from lab.costs import speed as measure
    from lab.costs.peak_memory import tracking_peak
    from lab.costs.speed_trackers import build
    from lab.real_sequences import read_sequences
    from mmeatrack.files.atomic import write_atomically

    clips = read_sequences(args.sequences, args.frames) if args.sequences else []
    videos = [measure.read_video(clip) for clip in clips]
    lines, made = _lines(args), {}
    # Compiling takes minutes: check the arguments of the other trackers first.
    for number in sorted(range(len(lines)), key=lambda number: lines[number].way == 'compiled'):
        made[number] = build(lines[number], args.device, args.threads)
    built: dict = {}
    for number, line in enumerate(lines):
        # Trackers of mmtrack have a single way.
        built.setdefault(made[number].name, (made[number], line))
    contestants = [contestant for contestant, _ in built.values()]
    videos = videos or [measure.noise_video(args.frames)]
    report = BenchmarkReport('Speed of trackers', args.device)
    source = args.sequences or '720p noise'
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
    speed_report.add_table(report, found)
    if args.growth:
        _add_growth(report, next(iter(built.values()))[1].sources, args)
    if args.out:
        numbers, picture = output_files(args.out)
        write_atomically(numbers, json.dumps(found, indent=1) + '\n')
        speed_report.plot_speed(found, picture)
    return report


def _add_growth(
    report: 'BenchmarkReport', sources: Sequence[str], args: argparse.Namespace
) -> None:
    """Measure the first tracker's time and memory against image size and video length."""
    from tqdm import tqdm

    from lab.costs import growth
    from lab.costs.speed import clock_of
    from lab.costs.speed_trackers import build_model

    model, clock = build_model(sources, args.device), clock_of(args.device, args.threads)
    with tqdm(total=args.growth, unit='frame', desc='long video') as bar:
        length = growth.time_length(model, args.growth, clock, bar.update)
    growth.report_growth(report, growth.time_sizes(model, 20), length)


def _lines(args: argparse.Namespace) -> 'List[Line]':
    """Trackers of the command.

    Raises:
        ValueError: If there is none, or one is not NAME=SOURCES.
    """
    from lab.costs.speed_trackers import Line
    from mmeatrack.deploy.folder import split_export

    lines = []
    for kind, given in (('model', args.trackers), ('export', args.exports)):
        for text in given:
            name, _, sources = text.partition('=')
            if not name or not sources:
                raise ValueError(f'{text!r}: give NAME=SOURCES, see --help.')
            if kind == 'model':
                lines += [Line(kind, name, sources.split(','), way) for way in args.ways]
            else:
                lines.append(Line(kind, name, split_export(sources), 'fast'))
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
    """Files of numbers and plot next to a report."""
    return out.with_suffix('.json'), out.with_suffix('.png')
