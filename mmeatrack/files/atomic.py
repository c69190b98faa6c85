"""Atomic writing: a file is whole under its name, or not there."""

import os
from pathlib import Path
from typing import Union


def write_atomically(path: Union[str, Path], content: Union[str, bytes]) -> None:
    """Write bytes, or text as UTF-8, in place of what was there, so that no reader sees half of it.

    The content is on the disk before the name is; missing folders are made. Processes may write
    beside each other.

    Raises:
        OSError: If it could not be written. What was there before is left as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode('utf-8') if isinstance(content, str) else content
    partial = path.with_name(f'.{path.name}.{os.getpid()}.partial')
    try:
        partial.write_bytes(data)
        replace_durably(partial, path)
    except OSError as error:
        if error.errno is not None and not error.filename:  # writing to an open file tells no name
            error.filename = str(path)
        partial.unlink(missing_ok=True)  # on a full disk every byte counts
        raise


def replace_durably(partial: Union[str, Path], path: Union[str, Path]) -> None:
    """Give a finished file of the same folder its final name, in place of what was there.

    For files that others write, such as videos: the content is on the disk before the name is. An
    OSError leaves what was there as it was.
    """
    with Path(partial).open('rb+') as file:
        os.fsync(file.fileno())
    os.replace(partial, path)
