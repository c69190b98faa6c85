"""A file backend of MMEngine on which no file is ever half written."""

from pathlib import Path
from typing import Union

from mmengine.fileio import LocalBackend, register_backend

from mmeatrack.files.atomic import write_atomically

ATOMIC_BACKEND = 'mmeatrack_atomic'
"""Its name, for ``backend_args=dict(backend=...)``."""


@register_backend(ATOMIC_BACKEND)
class AtomicLocalBackend(LocalBackend):
    """The local disk; a file appears under its name when all of it is on the disk, or never."""

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Write a file in place of what was there.

        Args:
            obj: Its content.
            filepath: Its path; missing folders are made.

        Raises:
            OSError: If it could not be written. What was there before is left as it was.
        """
        write_atomically(filepath, obj)
