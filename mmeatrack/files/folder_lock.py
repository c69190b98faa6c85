"""Lock file that gives a folder one writer at a time."""

import json
import os
import socket
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Dict, Optional, Union

from mmeatrack.files.atomic import write_atomically

LOCK_FILE = '.writer.json'
STALE_AFTER = 900.0  # seconds without a sign of life
BEAT_EVERY = 30.0
_HOLDERS: 'Counter[str]' = Counter()  # of each token, in this process


class FolderLock:
    """Lock of a folder that has one writer at a time.

    The lock is a file in the folder with the writer's host and process number. The writer renews
    the file's time as it works. A lock is stale, and may be taken over, when its process no longer
    runs on this host or has been silent for 15 minutes. A writer that has lost the lock finds out
    by :meth:`check`.

    Args:
        folder: The folder; made by :meth:`acquire`.
        group: Common name of several processes that write as one, as the ranks of a distributed
            run do. Empty for a single process.
    """

    def __init__(self, folder: Union[str, Path], group: str = '') -> None:
        self.folder, self.group = Path(folder), group
        self.path = self.folder / LOCK_FILE
        self.token: Optional[str] = None
        self._beat_at = 0.0

    def acquire(self) -> str:
        """Take the lock, or share that of this process or group; return its token.

        RuntimeError if another writer holds it.
        """
        if self.token is not None:
            self.check()
            return self.token
        self.folder.mkdir(parents=True, exist_ok=True)
        host, pid = socket.gethostname(), str(os.getpid())
        record = dict(host=host, pid=pid, group=self.group, token=uuid.uuid4().hex)
        try:
            with self.path.open('x', encoding='utf-8') as file:
                file.write(json.dumps(record))
        except FileExistsError:
            found = self._read()
            silence = self._silence()
            is_elsewhere = found.get('host') != host
            if silence <= STALE_AFTER and (is_elsewhere or _is_running(found.get('pid', ''))):
                shared = ('group',) if self.group else ('host', 'pid', 'group')
                if any(found.get(key) != record[key] for key in shared):
                    raise RuntimeError(
                        f'{self.folder} is being written by {_writer(found)}, which gave a sign of '
                        f'life {max(silence, 0):.0f} s ago. Let it end, or give this run another '
                        f'folder. If that process no longer exists, delete {self.path}.'
                    ) from None
                record = found
            else:
                write_atomically(self.path, json.dumps(record))
        self.token, self._beat_at = record['token'], time.monotonic()
        self.check()  # another writer may have taken a stale lock at the same moment
        _HOLDERS[self.token] += 1
        return self.token

    def check(self) -> None:
        """RuntimeError if another writer has the folder, or it was moved or removed."""
        found = self._read()
        if self.token is not None and found.get('token') == self.token:
            return
        writer = f'{_writer(found)} writes there now' if found else f'{self.path} is gone'
        raise RuntimeError(
            f'{self.folder} is no longer the folder of this run ({writer}), so the run stops '
            'before it writes into the files of another.'
        )

    def beat(self) -> None:
        """Give a sign of life, at most every 30 seconds; errors are those of :meth:`check`."""
        now = time.monotonic()
        if now - self._beat_at >= BEAT_EVERY:
            self.check()
            os.utime(self.path)
            self._beat_at = now

    def release(self) -> None:
        """Give the lock back; the last holder in the process removes it, if it is still theirs."""
        if self.token is None:
            return
        _HOLDERS[self.token] -= 1
        if _HOLDERS[self.token] <= 0 and self._read().get('token') == self.token:
            self.path.unlink(missing_ok=True)  # another rank of the run may be as quick
        self.token = None

    def _read(self) -> Dict[str, str]:
        """The record of the lock file; empty if there is none that can be read."""
        try:
            record = json.loads(self.path.read_text(encoding='utf-8'))
            return {str(key): str(value) for key, value in record.items()}
        except (OSError, ValueError, AttributeError):  # missing, just opened, or not a record
            return {}

    def _silence(self) -> float:
        """Seconds since the last sign of life; 0 if there is no lock."""
        try:
            return time.time() - self.path.stat().st_mtime
        except OSError:
            return 0.0


def _writer(record: Dict[str, str]) -> str:
    if not record:
        return 'an unknown process'
    return f'process {record.get("pid")} on {record.get("host")}'


def _is_running(pid: str) -> bool:
    """True if a process of this host is running, or if the system cannot tell."""
    if not pid.isdigit():
        return False
    if os.name != 'posix':
        return True  # signal 0 would end the process
    try:
        os.kill(int(pid), 0)
    except OSError as error:
        return isinstance(error, PermissionError)  # the process of another user
    return True
