"""Photographs from free Debian packages: wallpapers, panoramas, textures, teaching material."""

import re
import zipfile
from pathlib import Path
from typing import Iterator, List, Tuple

import cv2
import numpy as np

Photo = Tuple[str, str, np.ndarray]  # package, name, pixels (H, W, 3)

# Package, pattern of files, regular expression of files without a scene, and number that is kept:
# the most different ones.
FOLDERS: Tuple[Tuple[str, str, str, int], ...] = (
    ('lomiri-wallpapers-16.04', '**/*.*', 'pattern|umang', 99),
    ('lomiri-wallpapers-20.04', '**/*.*', 'Fossa|Infinite|Painting', 99),
    ('mate-backgrounds', '**/nature/*.*', '', 99),
    ('plasma-workspace-wallpapers', '**/images/[25]*x[12]*.*', 'dark', 99),
    ('palapeli-data', '**/*.jpg', '', 99),
    ('tuxpaint-data', '**/templates/*.jpg', '', 99),
    ('tuxpaint-data', '**/starters/skyline*.jpeg', '', 99),
    ('python3-skimage', '**/data/*.*', '(?<!brick)(?<!grass)(?<!gravel)(?<!coffee)(?<!rocket)$', 9),
    ('stellarium-data', '**/landscapes/*/*.png', r'mars|moon|trees|illum|ground3|ocean[2-6]', 99),
    # FlightGear has masks and normal maps next to its ground textures.
    ('flightgear-data-base', '**/Textures/Terrain*/*.png',
     r'mask|light|overlay|normal|_n$|relief|dist|height|LM|struct|noise|rotation', 60),
    ('torcs-data', '**/torcs/**/*.*',
     r'shadow|logo|splash|billb|board|car\d|wheel|tread|mycast|water|truck|pits|banner|sign|^n\d',
     30),
)  # fmt: skip
RESOURCES = r'explore_(monuments|world_\w+|farm_animals)|erase|clickgame|details|categorization'
TEXTURES = r'tex_(nature|terrain|dirt|buildings)/(?!.*(_nm|_gm|_sm|ivy|water)\.)'
_LEAST_SIDE, _LEAST_BYTES = 240, 12000


def find_photos(root: Path) -> Iterator[Photo]:
    """Package, name and pixels of all photographs, without duplicates."""
    seen = set()
    for package, name, image in _all_photos(root):
        small = cv2.resize(image, (6, 6), interpolation=cv2.INTER_AREA)
        key = tuple((small // 24).ravel().tolist())
        if key not in seen:
            seen.add(key)
            yield package, name, image


def _all_photos(root: Path) -> Iterator[Photo]:
    for package, files, without, most in FOLDERS:
        found = []
        for path in sorted((root / package).glob(files)):
            known = path.suffix.lower() in ('.jpg', '.jpeg', '.webp', '.png')
            if not known or path.is_symlink() or (without and re.search(without, path.stem, re.I)):
                continue
            image = _opaque(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
            if _is_scene(image):
                found.append((package, f'{package}_{path.parent.name}_{path.stem}', image))
        yield from spread(found, most)
    yield from spread(list(_lessons(root / 'gcompris-qt-data')), 120)
    yield from spread(list(_packed(root / 'ufoai-textures')), 30)


def _lessons(root: Path) -> Iterator[Photo]:
    """Photographs of animals, monuments and music from GCompris."""
    for path in sorted(root.rglob('*.rcc')):
        if re.match(RESOURCES, path.stem):
            for number, image in enumerate(_embedded(path.read_bytes())):
                if _is_scene(image):
                    yield 'gcompris-qt-data', f'gcompris_{path.stem}_{number:03d}', image


def _packed(root: Path) -> Iterator[Photo]:
    """Textures from the archives of UFO: Alien Invasion."""
    for path in sorted(root.rglob('0textures.pk3')):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if re.search(TEXTURES, name) and name.endswith(('.jpg', '.png')):
                    data = np.frombuffer(archive.read(name), np.uint8)
                    image = _opaque(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))
                    if _is_scene(image):
                        yield (
                            'ufoai-textures',
                            f'ufoai_{Path(name).parent.name}_{Path(name).stem}',
                            image,
                        )


def _embedded(data: bytes) -> Iterator[np.ndarray]:
    """WebP images embedded in a resource file."""
    for match in re.finditer(b'RIFF(....)WEBP', data, re.S):
        size = int.from_bytes(match.group(1), 'little') + 8
        if size >= _LEAST_BYTES:
            part = np.frombuffer(data[match.start() : match.start() + size], np.uint8)
            yield _opaque(cv2.imdecode(part, cv2.IMREAD_UNCHANGED))


def _opaque(image: np.ndarray) -> np.ndarray:
    """Rows (H, W, 3) without transparent pixels, such as those below the sky of a panorama."""
    if image is None or image.ndim != 3 or image.dtype != np.uint8:
        return np.zeros((1, 1, 3), np.uint8)
    if image.shape[2] == 4:
        image = image[(image[..., 3] > 250).all(axis=1)]
    return np.ascontiguousarray(image[..., :3])


def _is_scene(image: np.ndarray) -> bool:
    """True for a photograph; False for masks, drawings and plain colours."""
    if min(image.shape[:2]) < _LEAST_SIDE:
        return False
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    saturated = (cv2.cvtColor(image, cv2.COLOR_BGR2HSV)[..., 1] > 230).mean()
    black, white = (grey < 8).mean(), (grey > 252).mean()
    return bool(saturated < 0.35 and black < 0.3 and white < 0.2 and grey.std() >= 9)


def spread(photos: List[Photo], most: int) -> List[Photo]:
    """The most different photographs, by farthest point sampling."""
    if len(photos) <= most:
        return photos
    features = np.stack([_feature(image) for _, _, image in photos])
    nearest = np.full(len(photos), np.inf)
    chosen = [0]
    while len(chosen) < most:
        distance = np.linalg.norm(features - features[chosen[-1]], axis=1)
        nearest = np.minimum(nearest, distance)
        chosen.append(int(nearest.argmax()))
    return [photos[number] for number in sorted(chosen)]


def _feature(image: np.ndarray) -> np.ndarray:
    """Colours and multi-scale contrasts of an image."""
    square = cv2.resize(image, (128, 128), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(square, cv2.COLOR_BGR2LAB).astype(np.float32)
    parts = [lab.mean(axis=(0, 1)), lab.std(axis=(0, 1))]
    for side in (64, 32, 16, 8):
        coarse = cv2.resize(lab, (side, side), interpolation=cv2.INTER_AREA)
        parts.append(np.abs(np.diff(coarse, axis=1)).mean(axis=(0, 1)))
    return np.concatenate(parts)
