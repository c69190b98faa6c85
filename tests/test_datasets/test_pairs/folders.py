"""Folders of small images for sets of training pairs."""

from pathlib import Path

import cv2
import numpy as np

from mmeatrack.datasets.pairs.video_packs import FramePatch, stack_patches, write_pack


def write_photos(folder: Path, count: int = 8, size: int = 140) -> Path:
    """Photographs of coloured noise."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        noise = rng.integers(0, 256, (size // 10, size // 10, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f'{number}.png'), cv2.resize(noise, (size, size)))
    return folder


def write_cutouts(folder: Path, count: int = 8, width: int = 20, height: int = 50) -> Path:
    """Ellipses, each in its own colour: two poses per thing, two kinds."""
    rng = np.random.default_rng(1)
    for number in range(count):
        image = np.zeros((height + 8, width + 8, 4), np.uint8)
        colour = (*rng.integers(60, 255, 3).tolist(), 255)
        middle = ((width + 8) // 2, (height + 8) // 2)
        cv2.ellipse(image, middle, (width // 2, height // 2), 0, 0, 360, colour, -1)
        place = folder / f'kind{number % 2}'
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f'thing{number // 2}-{number % 4 // 2}.png'), image)
    return folder


def write_square_pack(folder: Path, videos: int = 3, frames: int = 5) -> Path:
    """A pack of grey patches with a white box of 40 x 20 px on each."""
    patches = []
    for video in range(videos):
        for frame in range(frames):
            patch = np.full((224, 224, 3), 90, np.uint8)
            patch[102:122, 92:132] = 255
            box = np.array([112.0, 112.0, 40.0, 20.0], np.float32)
            patches.append(FramePatch(patch, box, video, 3 * frame))
    write_pack(stack_patches(patches), folder, 'squares')
    return folder
