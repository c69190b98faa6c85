"""The image files of a sequence, in the order of the video."""

import os
import re
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp')


def natural_key(name: str) -> Tuple[Tuple[str, int], ...]:
    """Sort key that orders numbers inside of names by value: ``img2`` before ``img10``."""
    return tuple((text, int(number or 0)) for text, number in re.findall(r'(\D*)(\d*)', name))


def frame_number(name: str) -> Optional[int]:
    """The last number in a file's name: 12 for ``img000012.jpg``; None if there is none."""
    numbers = re.findall(r'\d+', Path(name).stem)
    return int(numbers[-1]) if numbers else None


def list_frames(
    folder: Union[str, Path], first: Optional[int] = None, last: Optional[int] = None
) -> List[str]:
    """List the image files of a sequence in the order of the numbers in their names.

    Numbers need not be consecutive unless a range is asked for. Hidden files and files of other
    types are passed over.

    Args:
        folder: Folder of the images.
        first: Number of the first frame, if the sequence is a part of the folder.
        last: Number of the last frame; needed with ``first``.

    Returns:
        File names without the folder.

    Raises:
        FileNotFoundError: If the folder or a frame of the range is missing, or no image is there.
        ValueError: If two images of the range bear the same number.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such image folder')
    names = [
        name
        for name in os.listdir(folder)
        if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith('.')
    ]
    if not names:
        raise FileNotFoundError(f'{folder}: no image of a type in {IMAGE_SUFFIXES}')
    names.sort(key=natural_key)
    if first is None or last is None:
        return names
    return _frames_in_range(folder, names, first, last)


def find_gap(names: Sequence[str]) -> Optional[str]:
    """Say where frame numbers first jump by more than one; None where they do not.

    Args:
        names: File names in the order of the video.
    """
    for name, following in zip(names, names[1:]):
        number, next_number = frame_number(name), frame_number(following)
        if number is not None and next_number is not None and next_number > number + 1:
            return f'no frame between {name} and {following}'
    return None


def _frames_in_range(folder: Path, names: List[str], first: int, last: int) -> List[str]:
    """Pick the frames numbered ``first`` to ``last``; each must be there once."""
    by_number: Dict[int, str] = {}
    for name in names:
        number = frame_number(name)
        if number is None or not first <= number <= last:
            continue
        if number in by_number:
            raise ValueError(
                f'{folder}: {by_number[number]} and {name} are both frame {number}; remove one'
            )
        by_number[number] = name
    missing = [number for number in range(first, last + 1) if number not in by_number]
    if missing:
        raise FileNotFoundError(
            f'{folder}: frame {missing[0]} is missing, as are {len(missing) - 1} others of '
            f'{first}-{last} ({names[0]} .. {names[-1]} are there); unpack the benchmark again'
        )
    return [by_number[number] for number in range(first, last + 1)]
