import os
from pathlib import Path

import pytest

from mmeatrack.files.atomic import replace_durably, write_atomically


@pytest.mark.parametrize('content', ['x: 鷗\n', b'\x00\xff'])
def test_content_is_written_into_new_folders_and_nothing_else(tmp_path: Path, content) -> None:
    path = tmp_path / 'new' / 'folder' / 'file'
    for _ in range(2):
        write_atomically(path, content)
    expected = content if isinstance(content, bytes) else content.encode('utf-8')
    assert path.read_bytes() == expected
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize('name', ['fsync', 'replace'])
def test_earlier_file_stays_if_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / 'file'
    write_atomically(path, 'first')

    def fail(*_: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(f'mmeatrack.files.atomic.os.{name}', fail)
    with pytest.raises(OSError, match='No space left') as error:
        write_atomically(path, 'second')
    assert error.value.filename == str(path)
    assert path.read_text() == 'first'
    assert list(tmp_path.iterdir()) == [path]


def test_finished_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr('os.fsync', lambda file: (calls.append('fsync'), sync(file)))
    monkeypatch.setattr('os.replace', lambda *paths: (calls.append('replace'), replace(*paths)))
    (tmp_path / 'partial').write_text('second')
    (tmp_path / 'file').write_text('first')
    replace_durably(tmp_path / 'partial', tmp_path / 'file')
    assert calls == ['fsync', 'replace']
    assert (tmp_path / 'file').read_text() == 'second'
    assert not (tmp_path / 'partial').exists()
