"""Follow a target through a video, a folder of images or a camera.

Writes an annotated video and a text file with x,y,w,h,score,lost a line: upper left corner and size
in px of the image; the score, 0 to 1, and -1 in the first frame, whose box is given; lost, 1 while
the tracker reports the target as lost and 0 otherwise. While lost is 1, the video shows a grey,
dashed box and LOST. Results from before an error or Ctrl-C stay on disk. Inputs are never
overwritten, and files that this tool did not write only with --overwrite.
"""

import argparse
import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Sequence, Tuple

if TYPE_CHECKING:
    import numpy as np

    from mmeatrack.apis import FrameSource
    from mmeatrack.visualization import TrackRecorder

EXAMPLES = """examples:
  # the tracker that comes with the package
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
SHIPPED = 'eatrack_nano'
VIDEO_SUFFIXES = ('.mp4', '.avi')
# Endings that --out might be taken for; other dots belong to a folder's name.
OTHER_SUFFIXES = (
    '.mkv', '.mov', '.webm', '.m4v', '.wmv', '.flv', '.mpg', '.mpeg', '.ts', '.mts', '.m2ts',
    '.ogv', '.3gp', '.h264', '.hevc', '.gif', '.webp', '.png', '.jpg', '.jpeg', '.bmp', '.tif',
    '.tiff', '.txt', '.csv', '.json', '.mat', '.zip', '.pth',
)  # fmt: skip
ESCAPE = 27


class CfgOptions(argparse.Action):
    """MMEngine's ``DictAction``, imported when it is used: ``--help`` starts at once."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Add the values of one occurrence."""
        from mmengine.config import DictAction

        wrong = [value for value in values if '=' not in value]
        if wrong:
            parser.error(f'argument --cfg-options: {wrong[0]!r} is not KEY=VALUE')
        DictAction(self.option_strings, self.dest)(parser, namespace, values, option_string)


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES, formatter_class=style)
    add = parser.add_argument
    add('input', help='video file, folder, number of a camera, or URL of a stream')
    add(
        '--config',
        default=SHIPPED,
        help='of the tracker; without --checkpoint a shipped or published one (%(default)s)',
    )
    add('--checkpoint', help='its weights')
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument(
        '--init-bbox',
        type=parse_box,
        metavar='X,Y,W,H',
        help='target in the first frame: upper left corner and size, in px',
    )
    target.add_argument('--select', action='store_true', help='draw the target in a window')
    add('--start-frame', type=int, default=0, metavar='N', help='first frame, counted from 0')
    add('--live', action='store_true', help='pass over frames that come while one is tracked')
    add('--max-frames', type=int, metavar='N', help='stop after N frames')
    add(
        '--out',
        type=Path,
        default=Path('work_dirs/video_demo'),
        help='folder, or a name in .mp4 or .avi; a .txt lies beside it (default: %(default)s)',
    )
    add(
        '--deployed',
        metavar='DIR[,BACKEND[,PRECISION]]',
        help='track with an export of tools/export.py, in onnxruntime,fp32 by default',
    )
    add('--device', help='cpu, cuda:0 ... (default: a GPU if there is one)')
    temporal = parser.add_mutually_exclusive_group()
    says = 'adapt to the target (default: as the config says)'
    temporal.add_argument('--temporal', action='store_true', default=None, help=says)
    temporal.add_argument('--no-temporal', action='store_false', dest='temporal')
    add('--cfg-options', nargs='+', action=CfgOptions, help='values of the config, KEY=VALUE')
    add(
        '--ground-truth',
        type=Path,
        metavar='FILE',
        help='x,y,w,h a line for every frame, NaN without the target; is drawn and scored',
    )
    add('--fps', type=float, help='of the video, or an input without (default: its own, or 30)')
    add(
        '--jsonl',
        action='store_true',
        help='write JSON lines of the status, too (docs/many_targets.md)',
    )
    add('--show', action='store_true', help='show it in a window, too')
    add('--overwrite', action='store_true', help='replace files that this tool did not write')
    return parser.parse_args(join_box(argv))


def parse_box(text: str) -> Tuple[float, ...]:
    """The numbers of ``x,y,w,h``."""
    try:
        box = tuple(float(value) for value in text.strip('()[]').replace(',', ' ').split())
    except ValueError:
        box = ()
    if len(box) != 4:
        raise argparse.ArgumentTypeError(f'{text!r}: four numbers x,y,w,h are needed')
    return box


def join_box(argv: Sequence[str]) -> List[str]:
    """Join ``--init-bbox`` with its value: argparse takes one that starts with - for an option."""
    joined = list(argv)
    if '--init-bbox' in joined[:-1]:
        at = joined.index('--init-bbox')
        joined[at : at + 2] = [f'--init-bbox={joined[at + 1]}']
    return joined


def check_display(option: str) -> None:
    """Raise RuntimeError if OpenCV can open no window; Qt would end the process without a word."""
    import cv2

    has_screen = sys.platform != 'linux' or any(map(os.getenv, ('DISPLAY', 'WAYLAND_DISPLAY')))
    if re.search(r'GUI:\s+NONE', cv2.getBuildInformation()) or not has_screen:
        raise RuntimeError(
            f'{option}: no window can be opened: no screen, or this is opencv-python-headless. '
            f'Leave {option} out, or install opencv-python.'
        )


def output_path(out: Path, name: str) -> Path:
    """The video ``out``, or ``<name>.mp4`` in that folder; ValueError for another kind of file."""
    suffix = out.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return out
    if out.is_file() or (suffix in OTHER_SUFFIXES and not out.is_dir()):
        raise ValueError(
            f'--out {out}: give a name that ends in {" or ".join(VIDEO_SUFFIXES)}, or a folder.'
        )
    return out / f'{name}.mp4'


def read_ground_truth(path: Path, source: 'FrameSource') -> 'np.ndarray':
    """Boxes (N, 4) for all frames of the input.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is malformed or its length does not fit.
    """
    import numpy as np

    from mmeatrack.files.box_text import read_boxes

    boxes = read_boxes(path)
    if source.is_exact and len(boxes) != source.num_frames:
        raise ValueError(
            f'{path}: {len(boxes)} boxes, but {source.name} has {source.num_frames} frames; it '
            'must hold one line for each frame of the input.'
        )
    first = boxes[source.start_frame : source.start_frame + 1]
    if not (np.isfinite(first).all() and (first[:, 2:] > 0).all() and len(first)):
        raise ValueError(
            f'{path}, line {source.start_frame + 1}: no box of the first frame to follow '
            f'({first.tolist()}). Start at a frame that shows the target.'
        )
    return boxes


def run(args: argparse.Namespace) -> int:
    """Follow the target; return the exit status."""
    from mmeatrack.files.frame_sources import open_frames
    from mmeatrack.files.outputs import claimed_outputs
    from mmeatrack.visualization import select_target

    if args.max_frames is not None and args.max_frames < 1:
        raise ValueError(f'--max-frames {args.max_frames}: give 1 or more.')
    if args.deployed:
        own = [args.config != SHIPPED, args.checkpoint, args.device, args.cfg_options]
        if any(own) or args.temporal is not None:
            raise ValueError(
                '--deployed: weights, config and Target Store are those of the export, which runs '
                'on the CPU. Leave their options and --device out.'
            )
    for option in [name for name in ('show', 'select') if getattr(args, name)]:
        check_display(f'--{option}')
    source = open_frames(args.input, args.start_frame, args.live)
    if args.select:
        source, args.init_bbox = select_target(source)
    truth = read_ground_truth(args.ground_truth, source) if args.ground_truth else None
    video = output_path(args.out, source.name)
    exported = args.deployed and args.deployed.split(',')[0]
    given = [args.input, args.config, args.checkpoint, args.ground_truth, exported]
    with claimed_outputs(
        [video, video.with_suffix('.txt'), *([video.with_suffix('.jsonl')] if args.jsonl else [])],
        [path for path in given if path],
        tool='video_demo.py',
        overwrite=args.overwrite,
    ):
        return track(args, source, truth, video)


def track(
    args: argparse.Namespace, source: 'FrameSource', truth: Optional['np.ndarray'], video: Path
) -> int:
    """Load the tracker, follow the target and print a summary; return the exit status."""
    from mmeatrack.visualization import TrackRecorder, track_summary

    recorder = TrackRecorder(video, source, truth, fps=args.fps)
    results = begin(args, recorder)
    started = time.perf_counter()
    try:
        follow(results, recorder, args)
        return 0
    finally:
        summary = track_summary(recorder, time.perf_counter() - started)
        if summary:
            print(summary)


def begin(args: argparse.Namespace, recorder: 'TrackRecorder') -> Iterator[Any]:
    """Load the tracker; return its results, which come as they are asked for."""
    if args.deployed:
        from mmeatrack.deploy import DeployedTracker

        tracker = DeployedTracker(*args.deployed.split(','))
        recorder.label = tracker.exported.name
        print(f'temporal adaptation: {tracker.exported.store or "off"}')
        return tracker.follow(recorder.source, args.init_bbox)
    from mmeatrack.apis import load_tracker, track_frames

    model = load_tracker(args.config, args.checkpoint, args.device, args.cfg_options, args.temporal)
    recorder.label = type(model).__name__
    print(f'temporal adaptation: {getattr(model, "temporal_cfg", None) or "off"}')
    return track_frames(model, recorder.source, args.init_bbox)


def follow(results: Iterator[Any], recorder: 'TrackRecorder', args: argparse.Namespace) -> None:
    """Write results until the frames end, or the user wants no more."""
    import cv2
    from tqdm import tqdm

    from mmeatrack.multi import StatusLog

    source = recorder.source
    # Frames that are passed over are not counted: their rate is not that of the input.
    rate = None if args.live else source.fps or args.fps
    log = StatusLog(recorder.video_path.with_suffix('.jsonl'), rate, source.start_frame)
    limits = [args.max_frames, source.num_frames and source.num_frames - source.start_frame]
    total = min((limit for limit in limits if limit), default=None)
    bar = tqdm(total=total, desc=source.name, unit='frame', dynamic_ncols=True)
    with recorder, log, bar:
        for result in results:
            image = recorder.add(result)
            if args.jsonl:
                log.add({1: result})
            state = ' LOST' if result.lost else ''
            bar.set_postfix_str(f'score={result.score:.2f}{state}', refresh=False)
            bar.update()
            if args.show:
                cv2.imshow(source.name, image)
                if cv2.waitKey(1) & 0xFF in (ord('q'), ESCAPE):
                    return
            if len(recorder.boxes) == args.max_frames:
                return


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; errors of the input are one line."""
    args = parse_args(sys.argv[1:] if argv is None else argv)
    try:
        return run(args)
    except (ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == '__main__':
    sys.exit(main())
