from pathlib import Path

import pytest

from mmeatrack.files.sequence_names import (
    annotation_files,
    name_by_annotation,
    name_by_folder,
    name_of_sample,
)


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


def test_unnumbered_copy_of_a_target_is_not_a_third_sequence(tmp_path: Path) -> None:
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


@pytest.mark.parametrize('folder', ['Gull1', 'Gull1/img', 'Gull1/color', 'Gull1/IMG', 'Gull1/img/'])
def test_sequence_is_named_by_its_folder(tmp_path: Path, folder: str) -> None:
    assert name_by_folder(tmp_path / folder) == 'Gull1'


def test_name_of_a_link_is_the_sequences_name(tmp_path: Path) -> None:
    (tmp_path / 'raw').mkdir()
    (tmp_path / 'Gull1').symlink_to(tmp_path / 'raw')
    assert name_by_folder(tmp_path / 'Gull1') == 'Gull1'


def test_sample_is_named_by_its_dataset_or_its_folder() -> None:
    info = dict(img_path='data_seq/UAV123/car6/000488.jpg', video_id=27)
    assert name_of_sample(dict(info, seq_name='car6_2')) == 'car6_2'
    assert name_of_sample(info) == 'car6-0027'  # car6_1 to car6_5 are in this folder
    assert name_of_sample(dict(video_id=3)) == 'sequence-0003'
