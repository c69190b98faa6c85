"""Photographs in memory, as pyramids from which windows of one size are cut."""

import logging
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple, TypeVar, Union

import cv2
import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor

T = TypeVar('T')

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.webp', '.bmp')
# Photographs with a shorter side are left out; others are enlarged to a window's side.
LEAST_SIDE = 96
LONGEST_SIDE = 1024  # larger photographs are reduced, px
WINDOW = 256  # side of the windows, px


def load_images(
    folder: Union[str, Path],
    flags: int,
    convert: Callable[[np.ndarray], Optional[T]],
    least: int,
    needed: str,
) -> Tuple[Dict[Path, T], str]:
    """Load and convert the images of a folder and its subfolders.

    Args:
        folder: The folder.
        flags: OpenCV's, for the pixels.
        convert: Function of an image; None for one that is unfit.
        least: Minimum number of usable images.
        needed: Kind of image and the option that names the folder, for the message.

    Returns:
        The results by path, in the order of the paths, and a report on the folder.

    Raises:
        FileNotFoundError: If the folder is missing or holds no image.
        ValueError: If fewer images are usable.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f'{root}: no such folder. Give a folder of images.')
    paths = sorted(path for path in root.rglob('*') if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        raise FileNotFoundError(
            f'{root}: no image in this folder or below it ({", ".join(IMAGE_SUFFIXES)}).'
        )
    converted: Dict[Path, T] = {}
    problems: Dict[str, List[str]] = dict(unreadable=[], unfit=[])
    for path in paths:
        content = np.fromfile(path, np.uint8)
        image = cv2.imdecode(content, flags) if content.size else None
        result = None if image is None else convert(image)
        if result is not None:
            converted[path] = result
        else:
            problems['unreadable' if image is None else 'unfit'].append(path.name)
    report = f'{len(converted)} usable images'
    for problem, names in problems.items():
        if names:
            report += f', {len(names)} {problem} ({", ".join(names[:3])})'
    print_log(f'{folder}: {report}', 'current', level=logging.INFO)
    if len(converted) < least:
        raise ValueError(f'{folder}: {report}, but at least {least} {needed}.')
    return converted, report


class PhotoStore:
    """Photographs of a folder and its subfolders as uint8 pyramids (3, H, W), BGR, on one device.

    Raises:
        FileNotFoundError: If the folder holds no image.
        ValueError: If fewer than ``least`` photographs can be used.
    """

    def __init__(
        self, folder: Union[str, Path], device: Union[str, torch.device] = 'cpu', least: int = 8
    ) -> None:
        def convert(image: np.ndarray) -> Optional[List[Tensor]]:
            if min(image.shape[:2]) < LEAST_SIDE:
                return None
            return [torch.from_numpy(each).to(device) for each in _pyramid(image)]

        needed = (
            f'photographs with sides of {LEAST_SIDE} px or more are needed. Add some, or give '
            'another photo_root'
        )
        found, self.report = load_images(folder, cv2.IMREAD_COLOR, convert, least, needed)
        self.pyramids = list(found.values())

    def windows(self, number: int, rng: torch.Generator) -> Tensor:
        """Cut windows of random photographs, levels and places: (number, 3, 256, 256) float."""
        draws = torch.rand(number, 4, generator=rng, device=rng.device).tolist()
        windows = []
        for photo, level, across, down in draws:
            levels = self.pyramids[int(photo * len(self.pyramids))]
            image = levels[int(level * len(levels))]
            top = int(down * (image.shape[1] - WINDOW + 1))
            left = int(across * (image.shape[2] - WINDOW + 1))
            windows.append(image[:, top : top + WINDOW, left : left + WINDOW])
        return torch.stack(windows).float()


def _pyramid(image: np.ndarray) -> List[np.ndarray]:
    """Halve an image (H, W, 3) repeatedly, down to a window's side; levels are (3, H, W)."""
    height, width = image.shape[:2]
    factor = max(min(1.0, LONGEST_SIDE / max(height, width)), WINDOW / min(height, width))
    size = max(round(width * factor), WINDOW), max(round(height * factor), WINDOW)
    levels = []
    while True:
        if size != (image.shape[1], image.shape[0]):
            method = cv2.INTER_AREA if size[0] < image.shape[1] else cv2.INTER_LINEAR
            image = cv2.resize(image, size, interpolation=method)
        levels.append(np.ascontiguousarray(image.transpose(2, 0, 1)))
        if min(size) < 2 * WINDOW:
            return levels
        size = size[0] // 2, size[1] // 2
