"""Write the synthetic UAV data set: short aerial videos with ground truth, made from a seed."""

import argparse
import re
import sys
import textwrap
from pathlib import Path
from typing import Callable, Tuple

from tqdm import tqdm

from mmeatrack.synthetic import SCENARIOS, write_split

_DESCRIPTION = f"""\
Write <out>/train and <out>/test in DTB70's layout: <sequence>/img/00001.jpg ...,
<sequence>/groundtruth_rect.txt (x,y,w,h a line, NaN where the target is absent),
<sequence>/visibility.txt, <sequence>/attributes.txt, and a meta.json for each split.
With --targets 2 or more in MOTChallenge's: <sequence>/img1/000001.jpg ...,
<sequence>/gt/gt.txt (frame,id,x,y,w,h,1,1,visibility a line), <sequence>/seqinfo.ini.

The same arguments give the same bytes, whatever the number of workers, with the same
releases of NumPy and OpenCV. An interrupted run is continued by giving the same command
again. The test split goes through the scenarios in turn:
{textwrap.fill(', '.join(SCENARIOS), 90)}.
"""


def frame_size(text: str) -> Tuple[int, int]:
    """Parse ``WIDTHxHEIGHT``."""
    match = re.fullmatch(r'(\d+)x(\d+)', text)
    if match is None:
        raise argparse.ArgumentTypeError(f'{text!r} is not WIDTHxHEIGHT, such as 480x360')
    return int(match.group(1)), int(match.group(2))


def at_least(least: int) -> Callable[[str], int]:
    """A parser of whole numbers with a lower limit."""

    def parse(text: str) -> int:
        if not re.fullmatch(r'-?\d+', text) or int(text) < least:
            raise argparse.ArgumentTypeError(f'{text!r} is not a whole number of at least {least}')
        return int(text)

    return parse


def share(text: str) -> float:
    """Parse a number from 0 to 1."""
    if not re.fullmatch(r'0|1|[01]?\.\d+', text) or float(text) > 1:
        raise argparse.ArgumentTypeError(f'{text!r} is not a number from 0 to 1')
    return float(text)


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        '--out', type=Path, default=Path('data/synthetic_uav'), help='folder (default: %(default)s)'
    )
    add('--train', type=at_least(1), default=48, help='training sequences (default: %(default)s)')
    add('--test', type=at_least(1), default=18, help='test sequences (default: %(default)s)')
    add(
        '--frames',
        type=at_least(2),
        default=60,
        help='frames of a training sequence (default: %(default)s)',
    )
    add(
        '--test-frames',
        type=at_least(2),
        default=120,
        help='frames of a test sequence (default: %(default)s)',
    )
    add(
        '--test-mixing',
        type=share,
        metavar='SHARE',
        help='how much of other effects mixes into a test sequence: 0, its own effect alone and '
        'no traffic, to 1 (default: 0.5)',
    )
    add(
        '--targets',
        type=at_least(1),
        default=1,
        metavar='N',
        help='targets of a sequence; those beyond the first look like it (default: %(default)s)',
    )
    add(
        '--size',
        type=frame_size,
        default=(480, 360),
        metavar='WIDTHxHEIGHT',
        help='frame size in pixels, sides of 96 to 1920 (default: 480x360)',
    )
    add('--seed', type=at_least(0), default=0, help='seed, not negative (default: %(default)s)')
    add('--jpeg-quality', type=at_least(1), default=90, help='1 to 100 (default: %(default)s)')
    add('--workers', type=at_least(1), default=2, help='processes (default: %(default)s)')
    add(
        '--overwrite',
        action='store_true',
        help='replace sets in <out> that were made with other arguments',
    )
    return parser.parse_args()


def main() -> None:
    """Write both splits, showing progress."""
    args = parse_args()
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


if __name__ == '__main__':
    try:
        main()
    except (ValueError, RuntimeError, OSError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.exit('interrupted; the same command goes on from here')
