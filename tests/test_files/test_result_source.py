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


def test_side_files_are_not_results(tmp_path: Path) -> None:
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


def test_errors_list_what_is_there(tmp_path: Path) -> None:
    path = write_zip(tmp_path / 'r.zip', {'KCF/a.txt': b'', 'BACF/a.txt': b''})
    (tmp_path / 'no.zip').write_bytes(b'text')
    (tmp_path / 'empty').mkdir()

    with pytest.raises(ValueError, match=r"results of \['BACF', 'KCF'\], and none is 'ECO'"):
        open_results(f'ECO={path}', SEQUENCES)
    with pytest.raises(ValueError, match=r'no\.zip is not a zip archive'):
        open_results(f'ECO={tmp_path / "no.zip"}', SEQUENCES)
    with pytest.raises(FileNotFoundError, match=r'expected files a\.txt'):
        open_results(f'ECO={tmp_path / "empty"}', SEQUENCES)
    with pytest.raises(FileNotFoundError, match='no such folder or zip'):
        open_results(f'ECO={tmp_path / "nowhere"}', SEQUENCES)


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
        open_results(str(path), SEQUENCES)[0].files['a']()


def test_damaged_directory_of_an_archive_is_named(tmp_path: Path) -> None:
    path = write_zip(tmp_path / 'r.zip', {'a.txt': b'1,2,3,4'})
    path.write_bytes(path.read_bytes().replace(b'PK\x01\x02', b'PK\x01\x03'))

    with pytest.raises(ValueError, match=r'r\.zip is not a zip archive, or is damaged'):
        open_results(str(path), SEQUENCES)


def scores(path: Path, argument: str = '{}', **kwargs: object) -> Dict[str, Dict[str, bytes]]:
    """Contents by tracker and sequence."""
    trackers = open_results(argument.format(path), SEQUENCES, **kwargs)
    return {
        tracker.name: {name: read() for name, read in tracker.files.items()} for tracker in trackers
    }


@pytest.mark.parametrize('kind', ['folder', 'zip'])
@pytest.mark.parametrize(
    ('good', 'bad', 'names'),
    [
        ('results/Good/UAV123/', 'results/Bad/UAV123/', ['Bad', 'Good']),
        ('Good/UAV123_10fps/', 'Bad/uav123@10fps/', ['Bad', 'Good']),
        ('UAV123/Good/', 'UAV123/Bad/', ['Bad', 'Good']),
        ('Good/OPE/raw/', 'Bad/OPE/raw/', ['Bad', 'Good']),
        ('x/Good/', 'y/z/Bad/', ['Bad', 'Good']),
        ('Good/run1/', 'Good/run2/', ['run1', 'run2']),
        ('x/run/', 'x/y/run2/', ['run', 'run2']),
        ('x/y/run/', 'x/z/run/', ['y', 'z']),
        ('A/UAV123/', 'A/UAV123_10fps/', ['A/UAV123', 'A/UAV123_10fps']),
    ],
)
def test_equal_names_of_different_folders_are_never_merged(
    tmp_path: Path, kind: str, good: str, bad: str, names: list
) -> None:
    members = {f'{good}a.txt': b'a1', f'{good}b.txt': b'b1', f'{bad}a.txt': b'a2'}
    path = as_folder_or_zip(kind, tmp_path, members)

    found = scores(path)

    assert sorted(found) == names
    assert sorted(map(str, found.values())) == sorted(
        map(str, [{'a': b'a1', 'b': b'b1'}, {'a': b'a2'}])
    )


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_results_within_results_are_skipped_with_a_note(tmp_path: Path, kind: str) -> None:
    path = as_folder_or_zip(kind, tmp_path, {'T/a.txt': b'1', 'T/old/a.txt': b'2'})
    notes: list = []

    assert scores(path, on_note=notes.append) == {'T': {'a': b'1'}}
    assert notes == [f'{path}: T/old: not read, because it lies within the results of T']


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_other_benchmarks_are_passed_over(tmp_path: Path, kind: str) -> None:
    members = {f'{t}/{b}/a.txt': b.encode() for t in 'TS' for b in ('UAV123', 'UAV123_10fps')}
    path = as_folder_or_zip(kind, tmp_path, members)
    notes: list = []

    found = scores(path, benchmarks=['UAV123@10fps'], on_note=notes.append)

    assert found == {'S': {'a': b'UAV123_10fps'}, 'T': {'a': b'UAV123_10fps'}}
    assert notes[0] == f'{path}: S/UAV123: results of another benchmark are not read'


def test_folder_named_like_the_benchmark_is_passed_over(tmp_path: Path) -> None:
    path = write_folder(tmp_path / 'Mine' / 'UAV123', {'a.txt': b'1'})

    assert list(scores(path)) == ['Mine']


@pytest.mark.parametrize('kind', ['folder', 'zip'])
@pytest.mark.parametrize(
    'member',
    ['A.TXT', 'a_gt.txt', 'uav_a.txt', 'a/a_001.txt', 'T/a/a_001.txt', 'T\\x\\a.txt', 'T/T_a.txt'],
)
def test_names_of_toolkits(tmp_path: Path, kind: str, member: str) -> None:
    path = as_folder_or_zip(kind, tmp_path, {member: b'1', '__MACOSX/T/._a.txt': b'2'})

    ((found),) = scores(path).values()
    assert found == {'a': b'1'}


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_got10k_layout_of_two_trackers(tmp_path: Path, kind: str) -> None:
    members = {
        f'{tracker}/{sequence}/{sequence}{end}': f'{tracker}{sequence}{end}'.encode()
        for tracker in 'TS'
        for sequence in 'ab'
        for end in ('_001.txt', '_002.txt', '_time.txt')
    }
    path = as_folder_or_zip(kind, tmp_path, members)

    assert scores(path) == {
        'S': {'a': b'Sa_001.txt', 'b': b'Sb_001.txt'},
        'T': {'a': b'Ta_001.txt', 'b': b'Tb_001.txt'},
    }
    assert 'a_002.txt' in open_results(str(path), SEQUENCES)[0].warnings[0]


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_trackers_by_the_names_of_files(tmp_path: Path, kind: str) -> None:
    members = {f'OPE/{s}_{t}.mat': f'{s}{t}'.encode() for s in 'ab' for t in ('KCF', 'BACF')}
    path = as_folder_or_zip(kind, tmp_path, members)

    expected = {t: {s: f'{s}{t}'.encode() for s in 'ab'} for t in ('KCF', 'BACF')}
    assert scores(path) == expected
    assert scores(path, 'KCF={}') == {'KCF': expected['KCF']}


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_files_that_match_no_sequence_are_listed(tmp_path: Path, kind: str) -> None:
    members = {'T/a.txt': b'1', 'T/a_gt.txt': b'4', 'T/bb.txt': b'2', 'docs/readme.txt': b'3'}
    path = as_folder_or_zip(kind, tmp_path, members)
    notes: list = []

    (tracker,) = open_results(str(path), SEQUENCES, on_note=notes.append)

    assert tracker.warnings == (
        'not read, because they match no sequence: T/a_gt.txt, T/bb.txt; expected names such as '
        'a.txt',
    )
    assert notes == [f'{path}: docs: no result of a sequence in readme.txt']


def test_files_are_named_where_none_matches(tmp_path: Path) -> None:
    path = write_folder(tmp_path / 'r', {'x.txt': b'', 'T/y.txt': b''})

    with pytest.raises(FileNotFoundError, match=r'expected files a\.txt .*there are T/y\.txt, x'):
        open_results(str(path), SEQUENCES)


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_two_files_of_one_sequence_are_refused(tmp_path: Path, kind: str) -> None:
    path = as_folder_or_zip(
        kind, tmp_path, {'a.txt': b'1', 'a.mat': b'2', 'b.txt': b'', 'B.txt': b''}
    )

    (tracker,) = open_results(str(path), SEQUENCES)

    with pytest.raises(ValueError, match=r'a\.mat and .*a\.txt: 2 different files match a; k'):
        tracker.files['a']()
    assert tracker.files['b']() == b''


def test_duplicate_member_of_an_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / 'r.zip', 'w') as archive:
        archive.writestr('a.txt', b'1')
        with pytest.warns(UserWarning, match='Duplicate name'):
            archive.writestr('a.txt', b'2')

    with pytest.raises(ValueError, match='2 different files match a'):
        open_results(str(tmp_path / 'r.zip'), SEQUENCES)[0].files['a']()


def test_links_are_followed_once(tmp_path: Path) -> None:
    write_folder(tmp_path / 'elsewhere', {'a.txt': b'1'})
    (tmp_path / 'r').mkdir()
    (tmp_path / 'r' / 'T').symlink_to(tmp_path / 'elsewhere')
    (tmp_path / 'r' / 'loop').symlink_to(tmp_path / 'r')

    assert scores(tmp_path / 'r') == {'T': {'a': b'1'}}
