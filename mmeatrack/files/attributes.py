"""Attributes of sequences, such as occlusion or fast motion."""

from pathlib import Path
from typing import List, Sequence, Union

from mmeatrack.files.text_file import decode_text, split_lines


def read_attributes(path: Union[str, Path], names: Sequence[str] = ()) -> List[str]:
    """Read the attributes of one sequence.

    Two forms are known: the benchmarks' flags, 0 or 1 for each of a list of names
    (``1,0,0,1``), and names, one a line.

    Args:
        path: The attribute file.
        names: The benchmark's attribute names in the order of the flags.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the number of flags is not the number of names, or the file is no text.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such attribute file')
    text = decode_text(path.read_bytes(), str(path), 'flags 0 and 1, or names, one a line')
    tokens = text.replace(',', ' ').split()
    if not set(tokens) <= {'0', '1'}:
        return [line.strip() for line in split_lines(text) if line.strip()]
    if len(tokens) != len(names):
        raise ValueError(
            f'{path}: {len(tokens)} flags for {len(names)} attribute names {tuple(names)}; '
            'give the names in the order of the flags (those of the benchmark)'
        )
    return [name for name, token in zip(names, tokens) if token == '1']
