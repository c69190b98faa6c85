"""Golden values of synthetic frames and annotations, on which published numbers rest.

JPEG bytes depend on OpenCV's build, so rendered frames and text files are compared. The hashes of
the frames are those of OpenCV's portable code, as its vector code rounds a few pixels differently.
"""

import hashlib
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import cv2
import numpy as np
import pytest

from mmeatrack.synthetic import generate_sequence, split_specs, write_split
from mmeatrack.synthetic.plan import sequence_name

SIZE, NUM_FRAMES = (160, 120), 6
TEXT_FILES = ('groundtruth_rect.txt', 'visibility.txt', 'attributes.txt')
# Releases for which the hashes of the frames hold.
NUMPY, OPENCV = '2.3', '5.0'
# Prefixes of the sha256 of text files and frames, by sequence.
HASHES = {
    'car_scale_change_000': ('1f1686c26b1fca19', '82fea9640d684b85'),
    'bus_static_001': ('25aba543516ea6d5', 'a0f4555f7c299f6c'),
    'car_static_000': ('bbf00c24eca78e48', 'e7b17cedf0d24384'),
    'car_appearance_change_001': ('61a18c36095db760', '8584b39786586c5e'),
}
# Mean brightness of each frame's quarters, row by row.
BRIGHTNESS = {
    'car_scale_change_000': [
        [84, 109, 85, 83],
        [85, 107, 84, 86],
        [89, 110, 86, 97],
        [96, 113, 91, 112],
        [103, 120, 98, 121],
        [104, 121, 99, 122],
    ],
    'bus_static_001': [[123, 129, 108, 96]] * 6,
    'car_static_000': [[121, 127, 122, 131]] * 6,
    'car_appearance_change_001': [
        [104, 93, 100, 92],
        [117, 105, 113, 105],
        [173, 154, 165, 154],
        [141, 123, 132, 123],
        [109, 93, 101, 94],
        [109, 93, 101, 94],
    ],
}


@contextmanager
def _portable_opencv() -> Iterator[None]:
    """OpenCV without its vector code."""
    was_used = cv2.useOptimized()
    cv2.setUseOptimized(False)
    yield
    cv2.setUseOptimized(was_used)


@pytest.fixture(scope='module')
def frames() -> Dict[str, List[np.ndarray]]:
    """Rendered frames (120, 160, 3), uint8, BGR, by sequence."""
    with _portable_opencv():
        return {
            sequence_name(spec): [frame.image for frame in generate_sequence(spec)]
            for split in ('train', 'test')
            for spec in split_specs(split, 2, NUM_FRAMES, SIZE, seed=0)
        }


def _written(root: Path) -> Iterator[Tuple[str, str]]:
    """Name and content of the text files of each sequence of a small set."""
    for split in ('train', 'test'):
        for name in write_split(root / split, split, 2, NUM_FRAMES, SIZE, seed=0):
            texts = [(root / split / name / file).read_text() for file in TEXT_FILES]
            yield name, ''.join(texts)


def test_ground_truth_matches_the_published_set(tmp_path: Path) -> None:
    found = {
        name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in _written(tmp_path)
    }
    assert found == {name: text for name, (text, _) in HASHES.items()}


def test_brightness_matches_the_published_set(frames: Dict[str, List[np.ndarray]]) -> None:
    assert list(frames) == list(BRIGHTNESS)
    for name, images in frames.items():
        quarters = [image.reshape(2, 60, 2, 80, 3).mean(axis=(1, 3, 4)).ravel() for image in images]
        np.testing.assert_allclose(quarters, BRIGHTNESS[name], atol=1, err_msg=name)


@pytest.mark.skipif(
    not (np.__version__.startswith(NUMPY) and cv2.__version__.startswith(OPENCV)),
    reason=f'the hashes hold for NumPy {NUMPY} and OpenCV {OPENCV} alone: others round differently',
)
def test_pixels_match_the_published_set(frames: Dict[str, List[np.ndarray]]) -> None:
    found = {
        name: hashlib.sha256(np.stack(images).tobytes()).hexdigest()[:16]
        for name, images in frames.items()
    }
    assert found == {name: pixels for name, (_, pixels) in HASHES.items()}
