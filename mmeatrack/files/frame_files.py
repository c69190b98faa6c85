"""The image files of a sequence, in the order of the video.

Names are compared part by part from the left, numbers as numbers: ``img2`` comes before ``img010``,
``0.05`` before ``0.125``, and case does not count. The first part in which a name differs from its
predecessor must be a number. Where it is not, as in ``00005.jpg`` and ``00005 (1).jpg``, or in
``1.jpg`` and ``01.jpg``, the frames of the video cannot be told from other files, and every box
after a wrong one would belong to another frame. This is an error that names both files.
"""

import os
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp')

# A dot is a decimal point if it is the only one: 1.2.3 is three numbers.
_DECIMAL = r'(?<![\d.])\d*\.\d+(?!\.?\d)'
_NUMBER = re.compile(rf'((?:^-)?(?:{_DECIMAL}|\d+)(?:e[+-]\d+)?)')
_INTEGER = re.compile(r'(\d+)')

Parts = Tuple[Union[str, Decimal], ...]


def list_frames(
    folder: Union[str, Path], first: Optional[int] = None, last: Optional[int] = None
) -> List[str]:
    """List the file names of a sequence's images, in the order of the numbers in them.

    Numbers need not be consecutive unless a range is given, from ``first`` to ``last``. Hidden
    files and files of other types are passed over.

    Raises:
        FileNotFoundError: If the folder or a frame of the range is missing, or no image is there.
        ValueError: If two files have the same number, or the numbers do not give the order.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such image folder')
    entries = os.listdir(folder)
    names = [name for name in entries if is_image_name(name)]
    if not names:  # names such as .05.jpg are those of hidden files; if all are, of time stamps
        names = [name for name in entries if re.match(r'\.\d', name) and is_image_name(name[1:])]
    if not names:
        kinds = Counter(Path(name).suffix.lower() for name in entries if not name.startswith('.'))
        there = [f'{count} {kind or "without a suffix"}' for kind, count in sorted(kinds.items())]
        raise FileNotFoundError(
            f'{folder}: no image of a type in {IMAGE_SUFFIXES}; it holds '
            f'{", ".join(there) or "nothing"}'
        )
    try:
        names = sort_frames(names)
    except ValueError as error:
        raise ValueError(f'{folder}: {error}') from error
    if first is None or last is None:
        return names
    return _frames_in_range(folder, names, first, last)


def is_image_name(name: str) -> bool:
    """True for the name of an image file that is not hidden."""
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith('.')


def sort_frames(names: Sequence[str]) -> List[str]:
    """Sort the file names of a sequence by the numbers in them, by the rules of this module.

    Raises:
        ValueError: If two names have the same number, or the numbers do not give the order.
    """
    parts = {name: _parts(name, _NUMBER) for name in names}
    ordered = sorted(names, key=lambda name: (parts[name], name))
    for name, following in zip(ordered, ordered[1:]):
        pairs = enumerate(zip(parts[name], parts[following]))
        at = next((index for index, (one, other) in pairs if one != other), None)
        if at is None or at % 2 == 0:  # they differ nowhere, or in a text first
            raise ValueError(_reason(name, following, parts, at))
    if any('.' in Path(name).stem for name in names):
        by_integers = sorted(names, key=lambda name: (_parts(name, _INTEGER), name))
        if by_integers != ordered:
            _check_decimals(ordered)
    return ordered


def frame_number(name: str) -> Optional[int]:
    """The last whole number in a file's name: 12 for ``img000012.jpg``; None if there is none."""
    numbers = re.findall(r'\d+', Path(name).stem)
    return int(numbers[-1]) if numbers else None


def find_gap(names: Sequence[str]) -> Optional[str]:
    """Return a message on the first gap in the numbers of files in video order; None without."""
    for name, following in zip(names, names[1:]):
        number, next_number = frame_number(name), frame_number(following)
        if _fractions(name) or number is None or next_number is None:
            return None
        if next_number > number + 1:
            return f'no frame between {name} and {following}'
    return None


def _parts(name: str, number: 're.Pattern[str]') -> Parts:
    """Split a stem into alternating texts and numbers: ``'', 12, ' (', 1, ')'`` for 12 (1).jpg."""
    parts: List[Union[str, Decimal]] = list(number.split(Path(name).stem.casefold()))
    parts[1::2] = map(Decimal, parts[1::2])
    return tuple(parts)


def _fractions(name: str) -> List[str]:
    """The digits after each decimal point, or what looks like one."""
    return [each.split('.')[1] for each in re.findall(_DECIMAL, Path(name).stem)]


def _reason(name: str, following: str, parts: Dict[str, Parts], at: Optional[int]) -> str:
    """Reason why the order of two neighbours is unknown: a duplicate frame, or no number."""
    shorter = min(parts[name], parts[following], key=len)
    if len(shorter) > 1 and at in (None, len(shorter) - 1):  # they share all of its numbers
        return f'{name} and {following} are both frame {shorter[-2]}; remove one'
    for odd in (following, name):
        number = frame_number(odd)
        same = [each for each in parts if each != odd and frame_number(each) == number]
        if same and number is not None:
            return f'{same[0]} and {odd} are both frame {number}; remove one'
    return (
        f'no number says whether {name} or {following} comes first; remove the one that is not a '
        'frame of the video, or rename all alike: img00001, img00002 ...'
    )


def _check_decimals(names: Sequence[str]) -> None:
    """Raise ValueError if the dots may separate two counts, as in 1.9 and 1.10.

    Programs that write decimals of different lengths omit trailing zeros. After a letter, a dot is
    a decimal point only if some fraction has a leading zero, as counts do not.
    """
    fractions = [fraction for name in names for fraction in _fractions(name)]
    has_letter = any(re.search(r'[^\W\d_]\.\d', Path(name).stem) for name in names)
    has_trailing_zero = any(re.fullmatch(r'\d+0', fraction) for fraction in fractions)
    has_leading_zero = any(re.fullmatch(r'0\d+', fraction) for fraction in fractions)
    if has_trailing_zero or (has_letter and not has_leading_zero):
        raise ValueError(
            f'the dots in {names[0]}, {names[1]} ... may be decimal points or separate two '
            'numbers, and the order of the frames depends on it; rename them: img00001 ...'
        )


def _frames_in_range(folder: Path, names: List[str], first: int, last: int) -> List[str]:
    """Pick the frames numbered ``first`` to ``last``; each must exist exactly once."""
    by_number: Dict[int, str] = {}
    for name in names:
        number = frame_number(name)
        if number is not None and first <= number <= last:
            other = by_number.setdefault(number, name)
            if other != name:
                raise ValueError(
                    f'{folder}: {other} and {name} are both frame {number}; remove one'
                )
    missing = [number for number in range(first, last + 1) if number not in by_number]
    if missing:
        raise FileNotFoundError(
            f'{folder}: frame {missing[0]} is missing, {len(missing)} of {first}-{last} in all; '
            f'there are {names[0]} .. {names[-1]}; unpack the benchmark again'
        )
    return [by_number[number] for number in range(first, last + 1)]
