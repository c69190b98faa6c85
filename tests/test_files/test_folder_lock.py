import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator

import pytest

from mmeatrack.files.folder_lock import LOCK_FILE, STALE_AFTER, FolderLock

HOLD = (
    'import sys, time\n'
    'from mmeatrack.files.folder_lock import FolderLock\n'
    'FolderLock(sys.argv[1], sys.argv[2]).acquire()\n'
    "print('held', flush=True)\n"
    'time.sleep(60)\n'
)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen]:
    """Another process that holds the lock of ``tmp_path`` for the group 'g'."""
    process = subprocess.Popen(
        [sys.executable, '-c', HOLD, str(tmp_path), 'g'],
        stdout=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b'held\n'
    yield process
    process.kill()
    process.wait()


def foreign_lock(folder: Path, silent: float = 0, **record: str) -> None:
    """A lock file of a process on another host."""
    path = folder / LOCK_FILE
    path.write_text(json.dumps(dict(dict(host='elsewhere', pid='7', token='t'), **record)))
    os.utime(path, (time.time() - silent,) * 2)


def test_live_writer_is_named_and_a_dead_one_is_replaced(
    tmp_path: Path, holder: subprocess.Popen
) -> None:
    words = rf'is being written by process {holder.pid} on {socket.gethostname()}.* [0-9]+ s ago'
    for group in ('', 'other'):
        with pytest.raises(RuntimeError, match=words):
            FolderLock(tmp_path, group).acquire()

    shared = FolderLock(tmp_path, 'g')
    shared.acquire()
    shared.check()

    holder.kill()
    holder.wait()
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.check()
    with pytest.raises(RuntimeError, match='no longer the folder of this run'):
        shared.check()


def test_locks_of_one_process_are_shared(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    assert first.acquire() == second.acquire()
    first.check()
    second.check()


@pytest.mark.parametrize('silent', [0, STALE_AFTER - 60])
def test_lock_of_another_host_holds(tmp_path: Path, silent: float) -> None:
    foreign_lock(tmp_path, silent)
    with pytest.raises(RuntimeError, match='process 7 on elsewhere'):
        FolderLock(tmp_path).acquire()


def test_lock_of_another_host_goes_stale(tmp_path: Path) -> None:
    foreign_lock(tmp_path, STALE_AFTER + 60)
    FolderLock(tmp_path).acquire()
    assert json.loads((tmp_path / LOCK_FILE).read_text())['pid'] == str(os.getpid())


@pytest.mark.parametrize('content', ['', 'no JSON', '[]'])
def test_unreadable_lock_holds_while_it_is_new(tmp_path: Path, content: str) -> None:
    (tmp_path / LOCK_FILE).write_text(content)
    with pytest.raises(RuntimeError, match='an unknown process'):
        FolderLock(tmp_path).acquire()


def test_writer_notices_that_it_lost_its_folder(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / 'a')
    lock.acquire()
    foreign_lock(tmp_path / 'a')
    with pytest.raises(RuntimeError, match='process 7 on elsewhere writes there now'):
        lock.check()
    lock.release()
    assert 'elsewhere' in (tmp_path / 'a' / LOCK_FILE).read_text()  # the other writer's file stays

    moved = FolderLock(tmp_path / 'b')
    moved.acquire()
    shutil.move(str(tmp_path / 'b'), str(tmp_path / 'c'))
    with pytest.raises(RuntimeError, match='is gone'):
        moved.check()


def test_signs_of_life_renew_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = FolderLock(tmp_path)
    lock.acquire()
    os.utime(lock.path, (0, 0))
    lock.beat()
    assert lock.path.stat().st_mtime == 0  # it has just been taken
    later = time.monotonic() + 31
    monkeypatch.setattr(time, 'monotonic', lambda: later)
    lock.beat()
    assert time.time() - lock.path.stat().st_mtime < 60


def test_released_lock_leaves_no_file(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.release()
    assert list(tmp_path.iterdir()) == []
    lock.release()


def test_ranks_may_release_the_lock_at_the_same_time(tmp_path, monkeypatch) -> None:
    """The other rank removes the file after this one reads it and before this one removes it."""
    lock = FolderLock(tmp_path)
    lock.acquire()
    read = lock._read

    def read_before_the_other_removes() -> dict:
        record = read()
        lock.path.unlink()
        return record

    monkeypatch.setattr(lock, '_read', read_before_the_other_removes)
    lock.release()
    assert not lock.path.exists()
