"""A file backend of MMEngine on which no file is ever half written."""

import os
from pathlib import Path
from typing import Union

from mmengine.fileio import LocalBackend, register_backend

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
        path = Path(filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + '.partial')
        try:
            with partial.open('wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        except OSError:
            partial.unlink(missing_ok=True)  # on a full disk every byte counts
            raise
