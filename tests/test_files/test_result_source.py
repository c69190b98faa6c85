import zipfile
from pathlib import Path
from typing import Dict, Iterable, List

import pytest

from mmeatrack.files.result_source import open_results

SEQUENCES = ['a', 'b', 'car_time']


def write_zip(path: Path, members: Iterable[str]) -> Path:
    """Write an archive whose members contain their own names."""
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name in members:
            archive.writestr(name, name)
    return path


def write_folder(root: Path, members: Iterable[str]) -> Path:
    for name in members:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


@pytest.fixture(params=['folder', 'zip'])
def write(request, tmp_path: Path):
    """Function that writes files, which contain their own names, to a folder or an archive."""
    if request.param == 'zip':
        return lambda members: write_zip(tmp_path / 'results.zip', members)
    return lambda members: write_folder(tmp_path / 'results', members)


def read(argument: object, **kwargs: object) -> Dict[str, Dict[str, str]]:
    """Contents by tracker and sequence."""
    return {
        tracker.name: {name: read_file().decode() for name, read_file in tracker.files.items()}
        for tracker in open_results(str(argument), SEQUENCES, **kwargs)
    }


MATLAB_NAMES = [f'OPE/{s}_{t}.mat' for s in 'ab' for t in ('KCF', 'BACF')]
LAYOUTS = {
    'one of several': ('BACF={}', ['KCF/a.txt', 'BACF/a.txt'], {'BACF': {'a': 'BACF/a.txt'}}),
    'any name for a single one': ('KCF={}', ['U/OPE/x/a.txt'], {'KCF': {'a': 'U/OPE/x/a.txt'}}),
    'all': (
        '{}',
        ['KCF/a.txt', 'BACF/a.txt', 'docs/readme.txt'],
        {'KCF': {'a': 'KCF/a.txt'}, 'BACF': {'a': 'BACF/a.txt'}},
    ),
    'no folder': ('{}', ['a.txt', 'old/a.txt'], {'results': {'a': 'a.txt'}}),
    'no folder, named': ('Mine={}', ['a.txt', 'old/a.txt'], {'Mine': {'a': 'a.txt'}}),
    'side files': (
        '{}',
        [f'T/a{end}.txt' for end in ('', '_time', '_network_time', '_score', '_lost')]
        + ['T/car_time.txt'],
        {'T': {'a': 'T/a.txt', 'car_time': 'T/car_time.txt'}},
    ),
    'GOT-10k': (
        '{}',
        [f'{t}/{s}/{s}{end}.txt' for t in 'TS' for s in 'ab' for end in ('_001', '_002', '_time')],
        {t: {s: f'{t}/{s}/{s}_001.txt' for s in 'ab'} for t in 'TS'},
    ),
    'trackers in file names': (
        '{}',
        MATLAB_NAMES,
        {t: {s: f'OPE/{s}_{t}.mat' for s in 'ab'} for t in ('KCF', 'BACF')},
    ),
    'one tracker in file names': (
        'KCF={}',
        MATLAB_NAMES,
        {'KCF': {s: f'OPE/{s}_KCF.mat' for s in 'ab'}},
    ),
}


@pytest.mark.parametrize('layout', LAYOUTS)
def test_layouts(write, layout: str) -> None:
    argument, members, expected = LAYOUTS[layout]
    assert read(argument.format(write(members))) == expected


@pytest.mark.parametrize(
    ('good', 'bad', 'names'),
    [
        ('results/Good/UAV123', 'results/Bad/UAV123', ['Bad', 'Good']),
        ('Good/UAV123_10fps', 'Bad/uav123@10fps', ['Bad', 'Good']),
        ('UAV123/Good', 'UAV123/Bad', ['Bad', 'Good']),
        ('Good/OPE/raw', 'Bad/OPE/raw', ['Bad', 'Good']),
        ('x/Good', 'y/z/Bad', ['Bad', 'Good']),
        ('Good/run1', 'Good/run2', ['run1', 'run2']),
        ('x/run', 'x/y/run2', ['run', 'run2']),
        ('x/y/run', 'x/z/run', ['y', 'z']),
        ('A/UAV123', 'A/UAV123_10fps', ['A/UAV123', 'A/UAV123_10fps']),
    ],
)
def test_equal_names_of_different_folders_are_never_merged(
    write, good: str, bad: str, names: List[str]
) -> None:
    results = read(write([f'{good}/a.txt', f'{good}/b.txt', f'{bad}/a.txt']))

    assert sorted(results) == names
    assert sorted(results.values(), key=len) == [
        {'a': f'{bad}/a.txt'},
        {'a': f'{good}/a.txt', 'b': f'{good}/b.txt'},
    ]


@pytest.mark.parametrize(
    'member',
    ['A.TXT', 'a_gt.txt', 'uav_a.txt', 'a/a_001.txt', 'T/a/a_001.txt', 'T\\x\\a.txt', 'T/T_a.txt'],
)
def test_names_of_toolkits(write, member: str) -> None:
    assert list(read(write([member, '__MACOSX/T/._a.txt'])).values()) == [{'a': member}]


def test_results_within_results_are_skipped_with_a_note(write) -> None:
    path = write(['T/a.txt', 'T/old/a.txt'])
    notes: List[str] = []

    assert read(path, on_note=notes.append) == {'T': {'a': 'T/a.txt'}}
    assert notes == [f'{path}: T/old: not read, because it lies within the results of T']


def test_other_benchmarks_are_passed_over(write) -> None:
    path = write([f'{t}/{b}/a.txt' for t in 'TS' for b in ('UAV123', 'UAV123_10fps')])
    notes: List[str] = []

    assert read(path, benchmarks=['UAV123@10fps'], on_note=notes.append) == {
        t: {'a': f'{t}/UAV123_10fps/a.txt'} for t in 'TS'
    }
    assert notes[0] == f'{path}: S/UAV123: results of another benchmark are not read'


def test_folder_named_like_the_benchmark_is_passed_over(tmp_path: Path) -> None:
    assert list(read(write_folder(tmp_path / 'Mine' / 'UAV123', ['a.txt']))) == ['Mine']


def test_files_that_match_no_sequence_are_listed(write) -> None:
    path = write(['T/a.txt', 'T/a_gt.txt', 'T/bb.txt', 'docs/readme.txt'])
    notes: List[str] = []

    (tracker,) = open_results(str(path), SEQUENCES, on_note=notes.append)

    assert (tracker.name, tracker.source) == ('T', f'{path}/T')
    assert tracker.warnings == (
        'not read, because they match no sequence: T/a_gt.txt, T/bb.txt; expected names such as '
        'a.txt',
    )
    assert notes == [f'{path}: docs: no result of a sequence in readme.txt']


def test_two_different_files_of_one_sequence_are_refused(write) -> None:
    (tracker,) = open_results(str(write(['a.txt', 'a.mat'])), SEQUENCES)

    with pytest.raises(ValueError, match=r'a\.mat and .*a\.txt: 2 different files match a; k'):
        tracker.files['a']()


def test_equal_files_of_one_sequence_are_read(tmp_path: Path) -> None:
    (tmp_path / 'b.txt').touch()
    (tmp_path / 'B.txt').touch()

    assert list(read(tmp_path).values()) == [{'b': ''}]


def test_archive_is_never_unpacked(tmp_path: Path) -> None:
    path = write_zip(tmp_path / 'evil.zip', ['../../KCF/a.txt'])

    assert read(path) == {'KCF': {'a': '../../KCF/a.txt'}}
    assert [entry.name for entry in tmp_path.iterdir()] == ['evil.zip']


def test_errors_list_what_is_there(tmp_path: Path) -> None:
    path = write_zip(tmp_path / 'r.zip', ['KCF/a.txt', 'BACF/a.txt'])
    other = write_folder(tmp_path / 'other', ['x.txt', 'T/y.txt'])
    (tmp_path / 'no.zip').write_bytes(b'text')
    (tmp_path / 'empty').mkdir()

    with pytest.raises(ValueError, match=r"results of \['BACF', 'KCF'\], and none is 'ECO'"):
        read(f'ECO={path}')
    with pytest.raises(ValueError, match=r'no\.zip is not a zip archive'):
        read(f'ECO={tmp_path / "no.zip"}')
    with pytest.raises(FileNotFoundError, match=r'expected files a\.txt'):
        read(f'ECO={tmp_path / "empty"}')
    with pytest.raises(FileNotFoundError, match=r'expected files a\.txt .*there are T/y\.txt, x'):
        read(other)
    with pytest.raises(FileNotFoundError, match='no such folder or zip'):
        read(f'ECO={tmp_path / "nowhere"}')


@pytest.mark.parametrize('method', [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_member_is_named(tmp_path: Path, method: int) -> None:
    path = tmp_path / 'r.zip'
    with zipfile.ZipFile(path, 'w', method) as archive:
        archive.writestr('KCF/a.txt', b'1,2,3,4\n' * 100)
    content = bytearray(path.read_bytes())
    start = content.index(b'KCF/a.txt') + len('KCF/a.txt')
    content[start : start + 12] = b'\xff' * 12
    path.write_bytes(bytes(content))

    with pytest.raises(ValueError, match=r'KCF/a\.txt cannot be read'):
        read(path)


def test_file_that_vanished_is_named(tmp_path: Path) -> None:
    (tracker,) = open_results(str(write_folder(tmp_path, ['a.txt'])), SEQUENCES)
    (tmp_path / 'a.txt').unlink()

    with pytest.raises(ValueError, match=r'a\.txt cannot be read: .*No such file'):
        tracker.files['a']()


def test_member_that_is_too_large_is_not_unpacked(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr('mmeatrack.files.result_source.MAX_FILE_BYTES', 4)

    with pytest.raises(ValueError, match=r'a\.txt cannot be read: 5 bytes are too many'):
        read(write_zip(tmp_path / 'r.zip', ['a.txt']))


def test_damaged_directory_of_an_archive_is_named(tmp_path: Path) -> None:
    path = write_zip(tmp_path / 'r.zip', ['a.txt'])
    path.write_bytes(path.read_bytes().replace(b'PK\x01\x02', b'PK\x01\x03'))

    with pytest.raises(ValueError, match=r'r\.zip is not a zip archive, or is damaged'):
        read(path)


def test_duplicate_member_of_an_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / 'r.zip', 'w') as archive:
        archive.writestr('a.txt', b'1')
        with pytest.warns(UserWarning, match='Duplicate name'):
            archive.writestr('a.txt', b'2')

    with pytest.raises(ValueError, match='2 different files match a'):
        read(tmp_path / 'r.zip')


def test_links_are_followed_once(tmp_path: Path) -> None:
    write_folder(tmp_path / 'elsewhere', ['a.txt'])
    (tmp_path / 'r').mkdir()
    (tmp_path / 'r' / 'T').symlink_to(tmp_path / 'elsewhere')
    (tmp_path / 'r' / 'loop').symlink_to(tmp_path / 'r')

    assert read(tmp_path / 'r') == {'T': {'a': 'a.txt'}}
