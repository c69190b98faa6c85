"""Draw cut-outs of figures for mmeatrack.StillPairs: people, vehicles, boats, animals ...

Each figure is seen from several directions, in the poses of its gait, as in a video:
OUT/<kind>/<figure>-<view>.webp. A seed gives the same figures whatever their number; an interrupted
run continues with the first incomplete figure.
"""

import sys
from pathlib import Path
from typing import List, Sequence, Tuple

import cv2
import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.figures.aircraft import AIRCRAFT
from lab.figures.animals import ANIMALS, BIRDS
from lab.figures.boats import BOATS
from lab.figures.objects import BUILDINGS, OBJECTS
from lab.figures.roles import ROLES
from lab.figures.vehicles import VEHICLES
from lab.figures.view import Figure, draw_light, draw_views, render
from mmeatrack.files.atomic import write_atomically
from mmeatrack.files.command_line import at_least, tool_parser

# Groups of figures and their shares.
GROUPS: Tuple[Tuple[Sequence, float], ...] = (
    (ROLES, 0.38),
    (VEHICLES, 0.24),
    (BOATS, 0.12),
    (AIRCRAFT, 0.06),
    (ANIMALS, 0.06),
    (BIRDS, 0.04),
    (BUILDINGS, 0.06),
    (OBJECTS, 0.04),
)


def main(argv: Sequence[str]) -> int:
    """Draw the figures."""
    parser = tool_parser(__doc__)
    add, default = parser.add_argument, '(default: %(default)s)'
    add('out', type=Path, help='folder of the cut-outs')
    add('--seed', type=at_least(0), default=0, help=f'of all figures {default}')
    add('--figures', type=at_least(1), default=1000, help=f'number of figures {default}')
    add('--first', type=at_least(0), default=0, help=f'number of the first {default}')
    add('--views', type=at_least(1), default=10, help=f'per figure {default}')
    add('--quality', type=at_least(1), default=86, help=f'of WebP {default}')
    args = parser.parse_args(argv)
    cv2.setNumThreads(1)
    quality = [cv2.IMWRITE_WEBP_QUALITY, args.quality]
    for number in tqdm(range(args.first, args.first + args.figures), disable=None):
        figure, rng = draw_figure(args.seed, number)
        paths = [
            args.out / figure.kind / f'f{args.seed}_{number:05d}-{view:02d}.webp'
            for view in range(args.views)
        ]
        if paths[-1].is_file():
            continue
        paths[0].parent.mkdir(parents=True, exist_ok=True)
        for path, image in zip(paths, draw_cutouts(figure, rng, args.views)):
            write_atomically(path, cv2.imencode('.webp', image, quality)[1].tobytes())
    return 0


def draw_figure(seed: int, number: int) -> Tuple[Figure, np.random.Generator]:
    """Figure of a number, and the random generator for its light and views."""
    rng = np.random.default_rng([seed, number])
    shares = np.cumsum([share for _, share in GROUPS])
    makers = GROUPS[int(np.searchsorted(shares, rng.uniform(0, shares[-1])))][0]
    return makers[int(rng.integers(len(makers)))](rng), rng


def draw_cutouts(figure: Figure, rng: np.random.Generator, views: int) -> List[np.ndarray]:
    """Cut-outs (H, W, 4) of a figure in one light."""
    light = draw_light(rng)
    if figure.pitches[0] < 0:  # flying: its shadow is far away
        light = light._replace(shadow=0.0)
    return [
        render(figure.solids(view.phase), view.azimuth, view.pitch, light)
        for view in draw_views(figure, rng, views)
    ]


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
