"""Collect photographs and cut-outs from free packages of Debian for mmeatrack.StillPairs.

First, without installing anything:
  apt-get download tuxpaint-stamps-default wesnoth-1.16-data flightgear-data-base \\
      mate-backgrounds gnome-backgrounds plasma-workspace-wallpapers ukui-wallpapers \\
      lomiri-wallpapers-16.04 lomiri-wallpapers-20.04
  for deb in *.deb; do dpkg-deb -x "$deb" "unpacked/${deb%%_*}"; done
What of them ships with a tracker's weights has to be named, with its licence, in the model card.
"""

import argparse
import re
import sys
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Dict, Iterator, Optional, Sequence, Tuple

import cv2
import numpy as np

WALLPAPERS = (
    'mate-backgrounds',
    'gnome-backgrounds',
    'plasma-workspace-wallpapers',
    'ukui-wallpapers',
    'lomiri-wallpapers-16.04',
    'lomiri-wallpapers-20.04',
)
# FlightGear keeps masks and normal maps beside its ground textures.
NO_TEXTURE = re.compile(
    r'mask|light|overlay|normal|_n\.|relief|dist|height|LM|struct|noise|rotation', re.I
)
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
MOST_POSES, LONGEST_PHOTO, LONGEST_CUTOUT = 8, 1024, 160


def main(argv: Sequence[str]) -> int:
    """Collect and count; 1 if there is nothing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('unpacked', type=Path, help='folder of the unpacked packages')
    parser.add_argument('out', type=Path, help='gets photos/ and cutouts/')
    args = parser.parse_args(argv)
    counts: Dict[str, int] = defaultdict(int)
    for source, name, image in find_photos(args.unpacked):
        save(args.out / 'photos' / f'{name}.jpg', shrink(image, LONGEST_PHOTO))
        counts[source] += 1
    for source, name, image in find_cutouts(args.unpacked):
        save(args.out / 'cutouts' / f'{name}.png', shrink(image, LONGEST_CUTOUT))
        counts[source] += 1
    for source, count in counts.items():
        print(f'{source}: {count}')
    return 0 if counts else 1


def find_photos(root: Path) -> Iterator[Tuple[str, str, np.ndarray]]:
    """Package, name and pixels of ground textures and wallpapers, each once."""
    for path in sorted(root.glob('flightgear-data-base/**/Textures/Terrain*/*.png')):
        image = None if NO_TEXTURE.search(path.name) else cv2.imread(str(path))
        if image is not None and min(image.shape[:2]) >= 256 and not is_mask(image):
            yield 'flightgear-data-base', f'fg_{path.parent.name}_{path.stem}', image
    seen = set()
    for package in WALLPAPERS:
        for path in sorted((root / package).rglob('*')):
            if path.suffix.lower() not in ('.jpg', '.webp', '.png') or path.is_symlink():
                continue
            image = cv2.imread(str(path))
            if image is None or min(image.shape[:2]) < 480:
                continue
            small = cv2.resize(image, (6, 6), interpolation=cv2.INTER_AREA)
            key = tuple((small // 24).ravel().tolist())
            if key not in seen:
                seen.add(key)
                yield package, f'{package}_{path.parent.name}_{path.stem}', image


def is_mask(image: np.ndarray) -> bool:
    """Tell an image that looks like a mask: pure colours, much black or hardly any contrast."""
    saturated = (cv2.cvtColor(image, cv2.COLOR_BGR2HSV)[..., 1] > 230).mean()
    black = (image.max(axis=2) < 8).mean()
    return bool(saturated > 0.3 or black > 0.35 or image.std() < 9)


def find_cutouts(root: Path) -> Iterator[Tuple[str, str, np.ndarray]]:
    """Package, name (kind/thing or kind/thing-pose) and pixels of cut-outs."""
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


def read_cutout(path: Path) -> Optional[np.ndarray]:
    """An image (H, W, 4), or None for one without alpha."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return image if image is not None and image.ndim == 3 and image.shape[2] == 4 else None


def dye(image: np.ndarray, hue: int) -> np.ndarray:
    """Turn the magenta of a unit's team colour into another hue (0 to 179)."""
    blue, green, red = (image[..., i].astype(int) for i in range(3))
    magenta = np.minimum(red, blue) - green > 40
    hsv = cv2.cvtColor(np.ascontiguousarray(image[..., :3]), cv2.COLOR_BGR2HSV)
    hsv[..., 0][magenta] = hue
    hsv[..., 1][magenta] = (hsv[..., 1][magenta] * 0.7).astype(np.uint8)
    return np.dstack((cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), image[..., 3]))


def shrink(image: np.ndarray, longest: int) -> np.ndarray:
    """An image with its longer side limited; colours are weighted by their opacity."""
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
    """Write an image, its folder too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 92])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
