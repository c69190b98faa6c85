"""Atomic writing: a file is complete under its name, or not there."""

import os
from pathlib import Path
from typing import Union


def write_atomically(path: Union[str, Path], content: Union[str, bytes]) -> None:
    """Write bytes, or text as UTF-8, so that no reader ever sees half of the file.

    The file is on the disk before it gets its name, and replaces an earlier one. Missing folders
    are made. Several processes may write at the same time.

    Raises:
        OSError: If it could not be written. An earlier file is left as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode('utf-8') if isinstance(content, str) else content
    partial = path.with_name(f'.{path.name}.{os.getpid()}.partial')
    try:
        partial.write_bytes(data)
        replace_durably(partial, path)
    except OSError as error:
        if error.errno is not None and not error.filename:  # writing to an open file gives no name
            error.filename = str(path)
        partial.unlink(missing_ok=True)  # on a full disk every byte counts
        raise


def replace_durably(partial: Union[str, Path], path: Union[str, Path]) -> None:
    """Give a finished file its final name in the same folder, replacing an earlier file.

    For files that others write, such as videos: the content is on the disk before the name is. An
    OSError leaves the earlier file as it was.
    """
    with Path(partial).open('rb+') as file:
        os.fsync(file.fileno())
    os.replace(partial, path)
