"""Photographs in memory, as pyramids from which windows of one size are cut."""

import logging
from pathlib import Path
from typing import Callable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import cv2
import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.webp', '.bmp')
# Photographs with a shorter side are left out; others are enlarged to a window's side.
LEAST_SIDE = 96
LONGEST_SIDE = 1024  # that is kept, in px


class FolderReport(NamedTuple):
    """Outcome of reading a folder of images.

    Attributes:
        used: Images that are used.
        unreadable: Names of those that are no images.
        unfit: Names of those that are too small, or lack what is needed.
    """

    used: int
    unreadable: List[str]
    unfit: List[str]

    def __str__(self) -> str:
        parts = [f'{self.used} images used']
        for label, names in (('unreadable', self.unreadable), ('unfit', self.unfit)):
            if names:
                parts.append(f'{len(names)} {label} ({", ".join(names[:3])})')
        return ', '.join(parts)


def image_paths(folder: Union[str, Path]) -> List[Path]:
    """Images of a folder and its subfolders, by name.

    Raises:
        FileNotFoundError: If there is no such folder, or no image in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f'{root}: no such folder. Give a folder of images.')
    paths = sorted(p for p in root.rglob('*') if p.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        raise FileNotFoundError(
            f'{root}: no image in this folder or below it ({", ".join(IMAGE_SUFFIXES)}).'
        )
    return paths


def read_folder(
    folder: Union[str, Path],
    flags: int,
    take: Callable[[Path, np.ndarray], Optional[bool]],
    least: int,
    needed: str,
) -> FolderReport:
    """Hand the images of a folder and its subfolders to a function, and report the outcome.

    Args:
        folder: See :func:`image_paths`.
        flags: OpenCV's, for the pixels.
        take: Returns True for an image that it uses, False for an unfit one and None for one that
            it passes over.
        least: Images that have to be used.
        needed: Kind of image, and the option that names the folder, for the message.

    Raises:
        FileNotFoundError: If the folder holds no image.
        ValueError: If fewer images are used.
    """
    used, unreadable, unfit = 0, [], []
    for path in image_paths(folder):
        content = np.fromfile(path, np.uint8)
        image = cv2.imdecode(content, flags) if content.size else None
        taken = None if image is None else take(path, image)
        used += taken is True
        if image is None:
            unreadable.append(path.name)
        elif taken is False:
            unfit.append(path.name)
    report = FolderReport(used, unreadable, unfit)
    print_log(f'{folder}: {report}', 'current', level=logging.INFO)
    if used < least:
        raise ValueError(f'{folder}: {report}, but at least {least} {needed}.')
    return report


class PhotoStore:
    """Photographs of a folder and its subfolders as uint8 pyramids (3, H, W), BGR, on one device.

    ``window`` is the side of the windows that are cut, in px.

    Raises:
        FileNotFoundError: If the folder holds no image.
        ValueError: If fewer photographs than ``least`` can be used.
    """

    def __init__(
        self,
        folder: Union[str, Path],
        window: int = 256,
        device: Union[str, torch.device] = 'cpu',
        least: int = 8,
    ) -> None:
        self.window = window
        self.pyramids: List[List[Tensor]] = []

        def take(path: Path, image: np.ndarray) -> bool:
            if min(image.shape[:2]) < LEAST_SIDE:
                return False
            levels = _pyramid(image, window)
            self.pyramids.append([torch.from_numpy(each).to(device) for each in levels])
            return True

        needed = (
            f'photographs with sides of {LEAST_SIDE} px or more are needed. Add some, or give '
            'another photo_root'
        )
        self.report = read_folder(folder, cv2.IMREAD_COLOR, take, least, needed)

    def __len__(self) -> int:
        return len(self.pyramids)

    def windows(self, number: int, rng: torch.Generator) -> Tensor:
        """Windows of random photographs, levels and places: (number, 3, window, window) float."""
        draws = torch.rand(number, 4, generator=rng, device=rng.device).tolist()
        return torch.stack([self._cut(*draw) for draw in draws]).float()

    def _cut(self, photo: float, level: float, across: float, down: float) -> Tensor:
        levels = self.pyramids[int(photo * len(self.pyramids))]
        image = levels[int(level * len(levels))]
        top = int(down * (image.shape[1] - self.window + 1))
        left = int(across * (image.shape[2] - self.window + 1))
        return image[:, top : top + self.window, left : left + self.window]


def _pyramid(image: np.ndarray, window: int) -> Iterator[np.ndarray]:
    """Halvings of an image (H, W, 3), as (3, H, W), down to the window's side."""
    height, width = image.shape[:2]
    factor = max(min(1.0, LONGEST_SIDE / max(height, width)), window / min(height, width))
    image = _resize(
        image, (max(round(width * factor), window), max(round(height * factor), window))
    )
    while True:
        yield np.ascontiguousarray(image.transpose(2, 0, 1))
        height, width = image.shape[:2]
        if min(height, width) < 2 * window:
            return
        image = _resize(image, (width // 2, height // 2))


def _resize(image: np.ndarray, size: Sequence[int]) -> np.ndarray:
    shape: Tuple[int, int] = (int(size[0]), int(size[1]))
    if shape == (image.shape[1], image.shape[0]):
        return image
    smaller = shape[0] < image.shape[1]
    return cv2.resize(image, shape, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
