"""Collect photographs and cut-outs from free Debian packages for mmeatrack.StillPairs.

First, without installing anything:
  apt-get download flightgear-data-base mate-backgrounds plasma-workspace-wallpapers \\
      lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 gcompris-qt-data tuxpaint-data \\
      palapeli-data stellarium-data torcs-data ufoai-textures python3-skimage \\
      tuxpaint-stamps-default wesnoth-1.16-data widelands-data unknown-horizons \\
      boswars-data flare-game
  for deb in *.deb; do dpkg-deb -x "$deb" "unpacked/${deb%%_*}"; done
Missing packages are skipped. The model card of published weights must name the packages used, with
their licences. tools/lab/draw_figures.py draws more cut-outs.
"""

import re
import sys
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Dict, Iterator, Optional, Sequence, Tuple

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.photo_sources import find_photos
from lab.sprites import find_sprites
from mmeatrack.files.atomic import write_atomically
from mmeatrack.files.command_line import tool_parser

NO_STAMP = re.compile(
    r'symbols/(alphabets|math|music|shapes|chess|faces|money)|hanukkah|naturalforces'
)
NO_UNIT = re.compile(
    r'die|death|halo|missile|projectile|shadow|portrait|fire-|burst|orb|\bne\b|unknown'
)
POSE = re.compile(
    r'-(?:attack|defend|idle|melee|ranged|bow|sword|bob|stand|leading|heal|pierce|magic|se|s|n|ne|'
    r'run|walk|fly|flying|moving|victory|spear|bowdefend|female)'
)
MOST_POSES, LONGEST_PHOTO, LONGEST_CUTOUT = 8, 720, 112


def main(argv: Sequence[str]) -> int:
    """Collect the stills and print their numbers; 1 if there are none."""
    parser = tool_parser(__doc__)
    parser.add_argument('unpacked', type=Path, help='folder of the unpacked packages')
    parser.add_argument('out', type=Path, help='folder for photos/ and cutouts/')
    args = parser.parse_args(argv)
    counts: Dict[str, int] = defaultdict(int)
    for source, name, image in find_photos(args.unpacked):
        save(args.out / 'photos' / f'{name}.jpg', shrink(image, LONGEST_PHOTO))
        counts[source] += 1
    for source, name, image in find_cutouts(args.unpacked):
        save(args.out / 'cutouts' / f'{name}.webp', shrink(image, LONGEST_CUTOUT))
        counts[source] += 1
    for source, count in counts.items():
        print(f'{source}: {count}')
    return 0 if counts else 1


def find_cutouts(root: Path) -> Iterator[Tuple[str, str, np.ndarray]]:
    """Package, name (kind/thing or kind/thing-pose) and pixels of the cut-outs."""
    for path in sorted(root.glob('tuxpaint-stamps-default/**/stamps/**/*.png')):
        name = str(path).split('/stamps/')[1]
        image = None if NO_STAMP.search(name) else read_cutout(path)
        if image is not None:
            kind = name.split('/')[0]
            yield 'tuxpaint-stamps-default', f'tux_{kind}/{path.stem.replace("-", "_")}', image
    poses: Dict[Tuple[str, str], int] = defaultdict(int)
    for path in sorted(root.glob('wesnoth-1.16-data/**/core/images/units/*/**/*.png')):
        image = None if NO_UNIT.search(path.name) else read_cutout(path)
        if image is None or max(image.shape[:2]) > 150:
            continue
        thing = POSE.split(path.stem)[0]
        key = (path.parent.name, thing)
        if poses[key] < MOST_POSES:
            name = f'wes_{key[0]}/{thing.replace("-", "_")}-{poses[key]}'
            yield 'wesnoth-1.16-data', name, dye(image, zlib.crc32(thing.encode()) % 180)
            poses[key] += 1
    yield from find_sprites(root)


def read_cutout(path: Path) -> Optional[np.ndarray]:
    """Image (H, W, 4), or None without an alpha channel."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return image if image is not None and image.ndim == 3 and image.shape[2] == 4 else None


def dye(image: np.ndarray, hue: int) -> np.ndarray:
    """Replace the magenta of a unit's team colour by another hue (0 to 179)."""
    blue, green, red = (image[..., i].astype(int) for i in range(3))
    magenta = np.minimum(red, blue) - green > 40
    hsv = cv2.cvtColor(np.ascontiguousarray(image[..., :3]), cv2.COLOR_BGR2HSV)
    hsv[..., 0][magenta] = hue
    hsv[..., 1][magenta] = (hsv[..., 1][magenta] * 0.7).astype(np.uint8)
    return np.dstack((cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), image[..., 3]))


def shrink(image: np.ndarray, longest: int) -> np.ndarray:
    """Image with its longer side limited; colours are averaged by opacity."""
    scale = longest / max(image.shape[:2])
    if scale >= 1:
        return image
    pixels = image.astype(np.float32)
    if image.shape[2] == 4:
        pixels[..., :3] *= pixels[..., 3:] / 255
    pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if image.shape[2] == 4:
        pixels[..., :3] *= 255 / np.maximum(pixels[..., 3:], 1)
    return np.clip(pixels.round(), 0, 255).astype(np.uint8)


def save(path: Path, image: np.ndarray) -> None:
    """Write an image as JPEG or WebP, by its suffix, and create its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 82, cv2.IMWRITE_WEBP_QUALITY, 85]
    ok, data = cv2.imencode(path.suffix, image, quality)
    if not ok:
        raise ValueError(f'{path}: an image of shape {image.shape} cannot be encoded.')
    write_atomically(path, data.tobytes())


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
