from pathlib import Path

import pytest

from mmeatrack.files.sequence_names import annotation_files, name_by_annotation


def names(folder: Path, *files: str) -> dict:
    folder.mkdir()
    for file in files:
        (folder / file).write_text('1,2,3,4\n')
    return {name: path.name for name, path in annotation_files(folder).items()}


@pytest.mark.parametrize('mark', ['.', '_', '-', ''])
def test_two_targets_are_two_sequences(tmp_path: Path, mark: str) -> None:
    files = [f'groundtruth_rect{mark}{number}.txt' for number in (1, 2, 10)]

    found = names(tmp_path / 'Jogging', *files[::-1])

    assert found == dict(zip(['Jogging-1', 'Jogging-2', 'Jogging-10'], files))


def test_one_target(tmp_path: Path) -> None:
    assert names(tmp_path / 'a', 'groundtruth_rect.txt', 'groundtruth.txt', 'notes.txt') == {
        'a': 'groundtruth_rect.txt'
    }
    assert names(tmp_path / 'Human4', 'groundtruth_rect.2.txt') == {
        'Human4-2': 'groundtruth_rect.2.txt'
    }
    assert names(tmp_path / 'b', 'groundtruth_rect_old.txt', 'notes.txt') == {}


def test_unnumbered_copy_of_a_target_is_no_third_sequence(tmp_path: Path) -> None:
    found = names(tmp_path / 'a', 'groundtruth_rect.txt', 'groundtruth_rect.1.txt')
    assert list(found) == ['a-1']

    (tmp_path / 'a' / 'groundtruth_rect.txt').write_text('5,6,7,8\n')
    assert list(annotation_files(tmp_path / 'a')) == ['a', 'a-1']


def test_box_file_of_another_name(tmp_path: Path) -> None:
    folder = tmp_path / 'a'
    folder.mkdir()
    for file in ('boxes.1.csv', 'boxes.2.csv', 'groundtruth.txt'):
        (folder / file).touch()

    assert list(annotation_files(folder, ['boxes.csv'])) == ['a-1', 'a-2']


@pytest.mark.parametrize(
    ('path', 'name'),
    [
        ('data/Jogging/groundtruth_rect.2.txt', 'Jogging-2'),
        ('data/a/groundtruth.txt', 'a'),
        ('anno/bird1_1.txt', None),
        ('anno/groundtruth_rect_of_car.txt', None),
    ],
)
def test_name_by_annotation(path: str, name: str) -> None:
    assert name_by_annotation(path) == name
