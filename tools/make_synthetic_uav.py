"""Write the synthetic UAV data set: short aerial videos with ground truth, made from a seed."""

import argparse
import re
import sys
import textwrap
from pathlib import Path
from typing import Optional, Sequence, Tuple

from tqdm import tqdm

from mmeatrack.files.command_line import at_least, run_tool, tool_parser
from mmeatrack.synthetic import SCENARIOS, write_split

_DESCRIPTION = f"""\
Write <out>/train and <out>/test in DTB70's layout: <sequence>/img/00001.jpg ...,
<sequence>/groundtruth_rect.txt (x,y,w,h per line, NaN where the target is absent),
<sequence>/visibility.txt, <sequence>/attributes.txt, and a meta.json for each split.
With --targets 2 or more in MOTChallenge's: <sequence>/img1/000001.jpg ...,
<sequence>/gt/gt.txt (frame,id,x,y,w,h,1,1,visibility per line), <sequence>/seqinfo.ini.

The same arguments give the same bytes, whatever the number of workers, with the same
releases of NumPy and OpenCV. To continue an interrupted run, give the same command
again. The test split cycles through the scenarios:
{textwrap.fill(', '.join(SCENARIOS), 90)}.
"""


def frame_size(text: str) -> Tuple[int, int]:
    """Parse ``WIDTHxHEIGHT``."""
    match = re.fullmatch(r'(\d+)x(\d+)', text)
    if match is None:
        raise argparse.ArgumentTypeError(f'{text!r} is not WIDTHxHEIGHT, such as 480x360')
    return int(match[1]), int(match[2])


def share(text: str) -> float:
    """Parse a number from 0 to 1."""
    if not re.fullmatch(r'0|1|[01]?\.\d+', text) or float(text) > 1:
        raise argparse.ArgumentTypeError(f'{text!r} is not a number from 0 to 1')
    return float(text)


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = tool_parser(_DESCRIPTION)
    add = parser.add_argument
    default = '(default: %(default)s)'
    add('--out', type=Path, default=Path('data/synthetic_uav'), help=f'output folder {default}')
    add('--train', type=at_least(1), default=48, help=f'training sequences {default}')
    add('--test', type=at_least(1), default=18, help=f'test sequences {default}')
    add('--frames', type=at_least(2), default=60, help=f'frames per training sequence {default}')
    add('--test-frames', type=at_least(2), default=120, help=f'frames per test sequence {default}')
    add(
        '--test-mixing',
        type=share,
        metavar='SHARE',
        help='share of other effects in a test sequence, from 0 (only its own effect, no traffic) '
        'to 1 (default: 0.5)',
    )
    add(
        '--targets',
        type=at_least(1),
        default=1,
        metavar='N',
        help=f'targets per sequence; the others look like the first {default}',
    )
    add(
        '--size',
        type=frame_size,
        default=(480, 360),
        metavar='WIDTHxHEIGHT',
        help='frame size in px, sides of 96 to 1920 (default: 480x360)',
    )
    add('--seed', type=at_least(0), default=0, help=f'seed {default}')
    add('--jpeg-quality', type=at_least(1), default=90, help=f'1 to 100 {default}')
    add('--workers', type=at_least(1), default=2, help=f'processes {default}')
    add('--overwrite', action='store_true', help='replace sets that other arguments made in --out')
    return parser.parse_args(argv)


def write_set(args: argparse.Namespace) -> None:
    """Write both splits, showing progress."""
    plans = {'train': (args.train, args.frames), 'test': (args.test, args.test_frames)}
    total = sum(count * frames for count, frames in plans.values())
    with tqdm(total=total, unit='frame', desc=str(args.out)) as bar:

        def advance(name: str, frames: int) -> None:
            bar.set_postfix_str(name, refresh=False)
            bar.update(frames)

        for split, (count, frames) in plans.items():
            write_split(
                args.out / split,
                split,
                count,
                frames,
                frame_size=args.size,
                seed=args.seed,
                jpeg_quality=args.jpeg_quality,
                workers=args.workers,
                overwrite=args.overwrite,
                progress=advance,
                mixing=args.test_mixing if split == 'test' else None,
                targets=args.targets,
            )


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; return the exit status."""
    return run_tool(write_set, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
