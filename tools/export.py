"""Export a tracker to ONNX graphs, and check them against PyTorch.

Writes template.onnx and track.onnx (opset 17, any batch size, any number of temporal tokens) and
tracker.json, the metadata of mmeatrack.deploy.DeployedTracker: crops, settings, Target Store, lost
detector, calibrated score and the graphs' hashes. --int8 adds int8.onnx, quantised by ONNX Runtime.
Then the exported and the PyTorch tracker follow the target of each sequence, and their differences
are printed. Needs requirements/deploy.txt.

Exit status: 0, 1 for an invalid input, 2 if boxes differ by more than --tolerance.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Sequence, Tuple

from mmeatrack.files.command_line import add_output_folder, add_temporal, run_tool, tool_parser
from mmeatrack.files.outputs import claimed_outputs

if TYPE_CHECKING:
    import numpy as np

EXAMPLES = """examples:
  python tools/export.py eatrack_nano --out work_dirs/nano_onnx --int8
  python tools/export.py CONFIG.py STUDENT.pth --out work_dirs/student_onnx \\
      --sequences data/DTB70/Gull1 data/DTB70/MountainBike6
"""
FILES = ('template.onnx', 'track.onnx', 'int8.onnx', 'tracker.json')
# Synthetic scenes, the default sequences.
SCENES, SCENE_FRAMES, SCENE_SIZE = 6, 30, (480, 360)
# Frames of a video, and the box in the first one.
Video = Tuple[Iterator['np.ndarray'], Sequence[float]]


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(__doc__, EXAMPLES)
    add = parser.add_argument
    add('config', help='config of a tracker or of its distillation, or name of a shipped tracker')
    add('checkpoint', nargs='?', help='its weights; none for a shipped tracker')
    add(
        '--sequences',
        nargs='+',
        type=Path,
        metavar='FOLDER',
        help='folders with img/ and groundtruth_rect.txt for check and calibration '
        f'(default: {SCENES} synthetic scenes)',
    )
    add('--int8', action='store_true', help='add an 8-bit graph')
    add(
        '--tolerance',
        type=float,
        default=0.1,
        metavar='PX',
        help='largest allowed box difference in float32 (default: %(default)s)',
    )
    add_temporal(parser)
    add_output_folder(parser)
    return parser.parse_args(argv)


def read_videos(folders: Optional[Sequence[Path]]) -> Iterator[Video]:
    """Read the given sequences, or generate synthetic scenes."""
    if folders is None:
        from mmeatrack.synthetic import generate_sequence, split_specs

        for spec in split_specs('train', SCENES, SCENE_FRAMES, SCENE_SIZE):
            scene = list(generate_sequence(spec))
            yield iter([frame.image for frame in scene]), scene[0].box
        return
    from mmeatrack.files.box_text import read_boxes
    from mmeatrack.files.frame_sources import open_frames

    for folder in folders:
        yield iter(open_frames(folder)), read_boxes(folder / 'groundtruth_rect.txt')[0]


def check_videos(folders: Sequence[Path]) -> None:
    """Raise ValueError or FileNotFoundError for a sequence without two frames or a first box."""
    from mmeatrack.structures import check_target_box

    for folder, (frames, bbox) in zip(folders, read_videos(folders)):
        first, second = next(frames), next(frames, None)
        if second is None:
            raise ValueError(f'{folder}: only one frame; the comparison needs two or more.')
        try:
            check_target_box(bbox, (first.shape[1], first.shape[0]))
        except ValueError as error:
            raise ValueError(f'{folder}: {error}') from error


def run(args: argparse.Namespace) -> int:
    """Claim the output files and export into them."""
    outputs = [args.out / name for name in FILES]
    inputs = [path for path in (args.config, args.checkpoint, *(args.sequences or ())) if path]
    with claimed_outputs(outputs, inputs, tool='export.py', overwrite=args.overwrite):
        return export(args)


def export(args: argparse.Namespace) -> int:
    """Export and check; return 2 if boxes differ by more than --tolerance."""
    from mmeatrack.apis import load_tracker
    from mmeatrack.deploy import DeployedTracker
    from mmeatrack.export import export_tracker, quantise

    check_videos(args.sequences or ())
    tracker = load_tracker(args.config, args.checkpoint, 'cpu', temporal=args.temporal)
    export_tracker(tracker, args.out, Path(args.config).stem)
    worst = report(tracker, DeployedTracker(args.out), args, 'fp32')
    if args.int8:
        print(f'int8: {quantise(args.out, read_videos(args.sequences))} calibration crops')
        report(tracker, DeployedTracker(args.out, precision='int8'), args, 'int8')
    for name in FILES:
        if (args.out / name).is_file():
            print(f'{args.out / name}: {(args.out / name).stat().st_size:,} bytes')
    if not worst <= args.tolerance:  # also for NaN
        print(f'error: boxes differ by {worst:.3f} px (--tolerance).', file=sys.stderr)
        return 2
    return 0


def report(tracker: Any, deployed: Any, args: argparse.Namespace, precision: str) -> float:
    """Print the differences on each video; return the largest of the boxes in px, or NaN."""
    import numpy as np
    from tqdm import tqdm

    from mmeatrack.export import compare_on_frames

    total = len(args.sequences or range(SCENES))
    lines: List[str] = []
    worst = 0.0
    for frames, bbox in tqdm(read_videos(args.sequences), total=total, unit='video'):
        found = compare_on_frames(tracker, deployed, frames, bbox)
        lines.append(f'{precision}, video {len(lines) + 1}, {found}')
        worst = float(np.maximum(worst, found.box))
    print('\n'.join(lines))
    return worst


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
