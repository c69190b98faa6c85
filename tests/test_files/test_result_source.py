import zipfile
from pathlib import Path
from typing import Dict

import pytest

from mmeatrack.files.result_source import open_results

SEQUENCES = ['a', 'b', 'car_time']


def write_zip(path: Path, members: Dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_folder(root: Path, members: Dict[str, bytes]) -> Path:
    for name, content in members.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def as_folder_or_zip(kind: str, tmp_path: Path, members: Dict[str, bytes]) -> Path:
    if kind == 'zip':
        return write_zip(tmp_path / 'results.zip', members)
    return write_folder(tmp_path / 'results', members)


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_one_tracker_of_several(tmp_path: Path, kind: str) -> None:
    path = as_folder_or_zip(kind, tmp_path, {'KCF/a.txt': b'kcf', 'BACF/a.txt': b'bacf'})

    (tracker,) = open_results(f'BACF={path}', SEQUENCES)

    assert (tracker.name, tracker.source) == ('BACF', f'{path}/BACF')
    assert {name: read() for name, read in tracker.files.items()} == {'a': b'bacf'}


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_all_trackers_of_a_path(tmp_path: Path, kind: str) -> None:
    members = {'KCF/a.txt': b'', 'BACF/a.txt': b'', 'docs/readme.txt': b''}
    path = as_folder_or_zip(kind, tmp_path, members)

    assert sorted(tracker.name for tracker in open_results(str(path), SEQUENCES)) == ['BACF', 'KCF']


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_files_without_a_folder_are_one_tracker(tmp_path: Path, kind: str) -> None:
    path = as_folder_or_zip(kind, tmp_path, {'a.txt': b'new', 'old/a.txt': b'old'})

    assert [tracker.name for tracker in open_results(str(path), SEQUENCES)] == ['results']
    (named,) = open_results(f'Mine={path}', SEQUENCES)
    assert (named.name, named.files['a']()) == ('Mine', b'new')


def test_any_name_fits_a_single_tracker(tmp_path: Path) -> None:
    path = write_zip(tmp_path / 'r.zip', {'UAV123/OPE/KCF_raw/a.txt': b'1'})

    assert open_results(f'KCF={path}', SEQUENCES)[0].files['a']() == b'1'


def test_side_files_are_no_results(tmp_path: Path) -> None:
    names = ('a', 'a_time', 'a_network_time', 'a_score', 'a_lost', 'car_time')
    members = {f'{name}.txt': b'' for name in names}
    path = write_folder(tmp_path, members)

    assert sorted(open_results(str(path), SEQUENCES)[0].files) == ['a', 'car_time']


def test_archive_is_never_unpacked(tmp_path: Path) -> None:
    path = write_zip(tmp_path / 'evil.zip', {'../../KCF/a.txt': b'1,2,3,4'})

    (tracker,) = open_results(str(path), SEQUENCES)

    assert tracker.name == 'KCF'
    assert tracker.files['a']() == b'1,2,3,4'
    assert [entry.name for entry in tmp_path.iterdir()] == ['evil.zip']


def test_errors_say_what_there_is(tmp_path: Path) -> None:
    path = write_zip(tmp_path / 'r.zip', {'KCF/a.txt': b'', 'BACF/a.txt': b''})
    (tmp_path / 'no.zip').write_bytes(b'text')
    (tmp_path / 'empty').mkdir()

    with pytest.raises(ValueError, match=r"results of \['BACF', 'KCF'\], and none is 'ECO'"):
        open_results(f'ECO={path}', SEQUENCES)
    with pytest.raises(ValueError, match=r'no\.zip is no zip archive'):
        open_results(f'ECO={tmp_path / "no.zip"}', SEQUENCES)
    with pytest.raises(FileNotFoundError, match=r'expected files a\.txt'):
        open_results(f'ECO={tmp_path / "empty"}', SEQUENCES)
    with pytest.raises(FileNotFoundError, match='no such folder or zip'):
        open_results(f'ECO={tmp_path / "nowhere"}', SEQUENCES)


def test_damaged_member_is_named(tmp_path: Path) -> None:
    path = write_zip(tmp_path / 'r.zip', {'KCF/a.txt': b'1,2,3,4\n' * 100})
    content = bytearray(path.read_bytes())
    start = content.index(b'KCF/a.txt') + len('KCF/a.txt')
    content[start : start + 8] = bytes(8)
    path.write_bytes(bytes(content))

    with pytest.raises(ValueError, match=r'KCF/a\.txt cannot be read'):
        open_results(str(path), SEQUENCES)[0].files['a']()
