"""Render synthetic videos directly into packs for mmeatrack.VideoPairs.

A world costs more than its frames, but few frames of many worlds train better than many frames of
few. An interrupted run continues with the first missing pack.
"""

import argparse
import sys
from pathlib import Path
from typing import Iterator, Sequence

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from make_synthetic_uav import frame_size
from mmeatrack.datasets.pairs.video_packs import FramePatch, cut_patch, stack_patches, write_pack
from mmeatrack.files.command_line import run_tool, tool_parser
from mmeatrack.synthetic.annotation import annotate
from mmeatrack.synthetic.plan import SequenceSpec, plan_sequence
from mmeatrack.synthetic.renderer import Renderer
from mmeatrack.synthetic.writer import split_specs

VIDEOS_A_PACK = 50
NUM_FRAMES = 60
LEAST_VISIBLE = 0.35


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    add = parser.add_argument
    add('out', type=Path, help='folder of the packs')
    add('--seed', type=int, required=True, help='of the worlds; below 100 reserved for the demo')
    add('--videos', type=int, default=300, help='number of worlds (default: %(default)s)')
    add('--frames-each', type=int, default=14, help='frames per world (default: %(default)s)')
    add('--size', type=frame_size, default=(480, 360), help='of the frames (default: 480x360)')
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Run the command line; 1 on an error of the input."""
    return run_tool(write_packs, parse_args(argv))


def write_packs(args: argparse.Namespace) -> None:
    """Write the missing packs."""
    cv2.setNumThreads(1)
    specs = split_specs('train', args.videos, NUM_FRAMES, args.size, seed=args.seed)
    for start in range(0, len(specs), VIDEOS_A_PACK):
        name = f'synth_{args.seed}_{start:04d}'
        if (args.out / f'{name}_img.npy').is_file():
            continue
        patches = [
            patch
            for number, spec in enumerate(specs[start : start + VIDEOS_A_PACK], start)
            for patch in render_patches(spec, args.frames_each, 10000 * args.seed + number)
        ]
        write_pack(stack_patches(patches), args.out, name)
        print(f'{args.out / name}: {len(patches)} patches', flush=True)


def render_patches(spec: SequenceSpec, count: int, video: int) -> Iterator[FramePatch]:
    """Patches of frames with a visible target, evenly over the video; none if too few."""
    plan = plan_sequence(spec)
    annotation = annotate(plan)
    visible = np.flatnonzero(
        (annotation.visibility >= LEAST_VISIBLE) & np.isfinite(annotation.boxes[:, 0])
    )
    if len(visible) < count:
        return
    renderer = Renderer(plan)
    for frame in visible[np.unique(np.linspace(0, len(visible) - 1, count).round().astype(int))]:
        patch, box = cut_patch(renderer.frame(int(frame)), annotation.boxes[frame])
        yield FramePatch(patch, box, video, int(frame))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
