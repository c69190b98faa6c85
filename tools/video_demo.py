"""Follow a target through a video, a folder of images or a camera.

Writes an annotated video and a text file with x,y,w,h,score,lost per line: upper left corner and
size in image px; score, 0 to 1, or -1 in the first frame, whose box is given; lost, 1 while the
target is lost, otherwise 0. The video then shows a grey, dashed box and LOST. Results written
before an error or Ctrl-C are kept. Results of an earlier run with the same name are replaced.
Inputs are never overwritten, and files that this tool did not write only with --overwrite.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Sequence, Tuple

from mmeatrack.files.command_line import (
    add_overwrite,
    add_temporal,
    at_least,
    run_tool,
    tool_parser,
)
from mmeatrack.files.outputs import claimed_outputs, is_own

if TYPE_CHECKING:
    from mmeatrack.visualization import TrackRecorder

EXAMPLES = """examples:
  # the shipped tracker
  python tools/video_demo.py flight.mp4 --init-bbox 310,205,42,30
after `make demo`:
  # the distilled student on a folder of images, drawn with its ground truth and scored
  python tools/video_demo.py data/synthetic_uav/test/SEQUENCE --init-bbox X,Y,W,H \\
      --config configs/eatrack/eatrack_micro_1xb16-500i_synthetic-uav.py \\
      --checkpoint work_dirs/demo/distilled/iter_500_student.pth \\
      --ground-truth data/synthetic_uav/test/SEQUENCE/groundtruth_rect.txt
  # an exported tracker, see tools/export.py
  python tools/video_demo.py flight.mp4 --init-bbox 310,205,42,30 --deployed work_dirs/nano_onnx
  # the first camera, in a window; q or Ctrl-C ends it
  python tools/video_demo.py 0 --init-bbox 280,200,80,80 --show
"""
TOOL = 'video_demo.py'
SHIPPED = 'eatrack_nano'
VIDEO_SUFFIXES = ('.mp4', '.avi')
# Suffixes of files; anything else after a dot in --out belongs to the name of a folder.
OTHER_SUFFIXES = (
    '.mkv', '.mov', '.webm', '.m4v', '.wmv', '.flv', '.mpg', '.mpeg', '.ts', '.mts', '.m2ts',
    '.ogv', '.3gp', '.h264', '.hevc', '.gif', '.webp', '.png', '.jpg', '.jpeg', '.bmp', '.tif',
    '.tiff', '.txt', '.csv', '.json', '.mat', '.zip', '.pth',
)  # fmt: skip


class CfgOptions(argparse.Action):
    """MMEngine's ``DictAction``, imported on use to keep ``--help`` fast."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Add the values of one occurrence of the option."""
        from mmengine.config import DictAction

        wrong = [value for value in values if '=' not in value]
        if wrong:
            parser.error(f'argument --cfg-options: {wrong[0]!r} is not KEY=VALUE')
        DictAction(self.option_strings, self.dest)(parser, namespace, values, option_string)


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__, EXAMPLES)
    add = parser.add_argument
    add('input', help='video file, folder, camera number, or URL of a stream')
    add(
        '--config',
        default=SHIPPED,
        help='config of the tracker; without --checkpoint, a shipped or published tracker '
        '(default: %(default)s)',
    )
    add('--checkpoint', help='weights of the tracker')
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument(
        '--init-bbox',
        type=parse_box,
        metavar='X,Y,W,H',
        help='target in the first frame: upper left corner and size, in px',
    )
    target.add_argument('--select', action='store_true', help='draw the target in a window')
    add('--start-frame', type=int, default=0, metavar='N', help='first frame, counted from 0')
    add('--live', action='store_true', help='skip frames that arrive while one is being tracked')
    add('--max-frames', type=at_least(1), metavar='N', help='stop after N frames')
    add(
        '--out',
        type=Path,
        default=Path('work_dirs/video_demo'),
        help='output folder, or video file in .mp4 or .avi; the .txt is written next to it '
        '(default: %(default)s)',
    )
    add(
        '--deployed',
        metavar='DIR[,BACKEND[,PRECISION]]',
        help='track with an export of tools/export.py (default: onnxruntime,fp32)',
    )
    add('--device', help='cpu, cuda:0 ... (default: a GPU if there is one)')
    add_temporal(parser)
    add('--cfg-options', nargs='+', action=CfgOptions, metavar='KEY=VALUE', help='config overrides')
    add(
        '--ground-truth',
        type=Path,
        metavar='FILE',
        help='true boxes to draw and to score against: x,y,w,h per frame, NaN without the target',
    )
    add(
        '--fps',
        type=float,
        help="frame rate of the video, and of an input without one (default: the input's, or 30)",
    )
    add('--jsonl', action='store_true', help='also write JSON lines (docs/many_targets.md)')
    add('--show', action='store_true', help='also show the video in a window')
    add_overwrite(parser)
    return parser.parse_args(join_box(argv))


def parse_box(text: str) -> Tuple[float, ...]:
    """Parse ``x,y,w,h``."""
    try:
        box = tuple(float(value) for value in text.strip('()[]').replace(',', ' ').split())
    except ValueError:
        box = ()
    if len(box) != 4:
        raise argparse.ArgumentTypeError(f'{text!r}: four numbers x,y,w,h are needed')
    return box


def join_box(argv: Sequence[str]) -> List[str]:
    """Join ``--init-bbox`` with its value, so that argparse accepts a leading minus."""
    joined = list(argv)
    if '--init-bbox' in joined[:-1]:
        at = joined.index('--init-bbox')
        joined[at : at + 2] = [f'--init-bbox={joined[at + 1]}']
    return joined


def output_path(out: Path, name: str) -> Path:
    """Return the video ``out``, or ``<name>.mp4`` in the folder ``out``.

    Raises:
        ValueError: If ``out`` is another kind of file.
    """
    suffix = out.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return out
    if out.is_file() or (suffix in OTHER_SUFFIXES and not out.is_dir()):
        raise ValueError(
            f'--out {out}: give a name that ends in {" or ".join(VIDEO_SUFFIXES)}, or a folder.'
        )
    return out / f'{name}.mp4'


def check_options(args: argparse.Namespace) -> None:
    """Raise ValueError for contradicting options, RuntimeError for a window without a display."""
    from mmeatrack.visualization.display import check_display

    if args.deployed:
        own = [args.config != SHIPPED, args.checkpoint, args.device, args.cfg_options]
        if any(own) or args.temporal is not None:
            raise ValueError(
                '--deployed: weights, config and Target Store are those of the export, which runs '
                'on the CPU. Omit their options and --device.'
            )
    for option in ('show', 'select'):
        if getattr(args, option):
            check_display(f'--{option}')


def run(args: argparse.Namespace) -> None:
    """Follow the target and print a summary."""
    from mmeatrack.deploy.folder import split_export
    from mmeatrack.files.frame_sources import open_frames
    from mmeatrack.visualization import TrackRecorder, select_target, track_summary
    from mmeatrack.visualization.track_recorder import read_source_truth

    check_options(args)
    source = open_frames(args.input, args.start_frame, args.live)
    if args.select:
        source, args.init_bbox = select_target(source)
    truth = read_source_truth(args.ground_truth, source) if args.ground_truth else None
    video = output_path(args.out, source.name)
    status = video.with_suffix('.jsonl')
    args.deployed = split_export(args.deployed) if args.deployed else []
    # Without --jsonl, the status of an earlier run would be left next to another track.
    args.stale = None if args.jsonl or not is_own(status, TOOL) else status
    outputs = [video, video.with_suffix('.txt')]
    outputs += [status] if args.jsonl or args.stale else []
    inputs = [args.input, args.config, args.checkpoint, args.ground_truth, *args.deployed[:1]]
    with claimed_outputs(outputs, filter(None, inputs), tool=TOOL, overwrite=args.overwrite):
        recorder = TrackRecorder(video, source, truth, fps=args.fps)
        results = begin(args, recorder)
        started = time.perf_counter()
        try:
            follow(results, recorder, args)
        finally:
            summary = track_summary(recorder, time.perf_counter() - started)
            if summary:
                print(summary)


def begin(args: argparse.Namespace, recorder: 'TrackRecorder') -> Iterator[Any]:
    """Load the tracker; return its results as an iterator."""
    if args.deployed:
        from mmeatrack.deploy import DeployedTracker

        tracker = DeployedTracker(*args.deployed)
        recorder.label = tracker.exported.name
        print(f'temporal adaptation: {tracker.exported.store or "off"}')
        return tracker.follow(recorder.source, args.init_bbox)
    from mmeatrack.apis import load_tracker, track_frames

    model = load_tracker(args.config, args.checkpoint, args.device, args.cfg_options, args.temporal)
    recorder.label = type(model).__name__
    print(f'temporal adaptation: {getattr(model, "temporal_cfg", None) or "off"}')
    return track_frames(model, recorder.source, args.init_bbox)


def follow(results: Iterator[Any], recorder: 'TrackRecorder', args: argparse.Namespace) -> None:
    """Write results until the frames end or the user stops."""
    from tqdm import tqdm

    from mmeatrack.multi import StatusLog
    from mmeatrack.visualization.display import show_frame

    source = recorder.source
    # Skipped frames are not counted, so live frames have no known rate.
    rate = None if args.live else source.fps or args.fps
    log = StatusLog(recorder.video_path.with_suffix('.jsonl'), rate, source.start_frame)
    limits = [args.max_frames, source.num_frames and source.num_frames - source.start_frame]
    total = min(filter(None, limits), default=None)
    bar = tqdm(total=total, desc=source.name, unit='frame', dynamic_ncols=True)
    with recorder, log, bar:
        for result in results:
            image = recorder.add(result)
            if args.jsonl:
                log.add({1: result})
            elif args.stale and len(recorder.boxes) == 1:
                args.stale.unlink(missing_ok=True)
            state = ' LOST' if result.lost else ''
            bar.set_postfix_str(f'score={result.score:.2f}{state}', refresh=False)
            bar.update()
            if args.show and not show_frame(source.name, image):
                return
            if len(recorder.boxes) == args.max_frames:
                return


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(run, parse_args(sys.argv[1:] if argv is None else argv))


if __name__ == '__main__':
    sys.exit(main())
