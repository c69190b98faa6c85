from pathlib import Path
from typing import Dict, List

import numpy as np
import pytest

from mmeatrack.files.ground_truth import (
    GroundTruth,
    load_attributes,
    load_ground_truth,
    read_attributes,
)

BOX = '1,2,3,4\n'


def write(root: Path, files: Dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def load(root: Path, files: Dict[str, str]) -> GroundTruth:
    return load_ground_truth(write(root, files))


@pytest.mark.parametrize(
    'file_name', ['{}.txt', '{}_gt.txt', '{}/groundtruth_rect.txt', '{}/groundtruth.txt']
)
def test_layouts(tmp_path: Path, file_name: str) -> None:
    ground_truth = load(tmp_path, {file_name.format(name): BOX for name in ('car1_s', 'bird1_1')})

    assert list(ground_truth.boxes) == ['bird1_1', 'car1_s']
    np.testing.assert_array_equal(ground_truth.boxes['car1_s'], [[1, 2, 3, 4]])


def test_other_text_next_to_sequence_folders_is_ignored(tmp_path: Path) -> None:
    files = {'car/groundtruth_rect.txt': BOX, 'readme.txt': 'hello'}

    assert list(load(tmp_path, files).boxes) == ['car']


def test_files_next_to_sequence_folders_are_read(tmp_path: Path) -> None:
    files = {'a.txt': BOX, 'B.TXT': BOX, 'old/groundtruth_rect.txt': BOX}

    assert list(load(tmp_path, files).boxes) == ['B', 'a', 'old']


def test_bad_files_are_left_out_with_file_and_line(tmp_path: Path) -> None:
    files = {'a.txt': BOX, 'b.txt': BOX + 'x\n', 'c.txt': 'NaN,NaN,NaN,NaN\n' + BOX}
    ground_truth = load(tmp_path, files)

    assert list(ground_truth.boxes) == ['a']
    assert ground_truth.left_out['b'].startswith(f'{tmp_path}/b.txt, line 2')
    assert ground_truth.left_out['c'].startswith(f'{tmp_path}/c.txt, line 1: the first box')


def test_folder_of_one_sequence_is_refused(tmp_path: Path) -> None:
    files = {'car/img/1.jpg': '', 'car/groundtruth_rect.txt': BOX}

    assert list(load(tmp_path, files).boxes) == ['car']
    with pytest.raises(FileNotFoundError, match='car is one sequence: give the folder that con'):
        load_ground_truth(tmp_path / 'car')


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='holds no ground truth'):
        load_ground_truth(tmp_path)
    with pytest.raises(FileNotFoundError, match='no such folder'):
        load_ground_truth(tmp_path / 'anno')
    with pytest.raises(ValueError, match=r'can be used; the first: .*a\.txt: the file is empty'):
        load(tmp_path, {'a.txt': ''})


def test_two_targets_of_a_video_are_two_sequences(tmp_path: Path) -> None:
    files = {
        'Car1/groundtruth_rect.txt': BOX,
        'Jogging/groundtruth_rect.1.txt': BOX,
        'Jogging/groundtruth_rect.2.txt': '5,6,7,8\n',
    }
    boxes = load(tmp_path, files).boxes

    assert list(boxes) == ['Car1', 'Jogging-1', 'Jogging-2']
    np.testing.assert_array_equal(boxes['Jogging-2'], [[5, 6, 7, 8]])


def test_sequence_folder_without_boxes_is_named(tmp_path: Path) -> None:
    files = {'a/groundtruth_rect.txt': BOX, 'b/img/1.jpg': '', 'c/1.png': '', 'att/a.txt': '1,0'}
    left_out = load(tmp_path, files).left_out

    assert sorted(left_out) == ['b', 'c']
    assert left_out['b'] == f'{tmp_path}/b: there is no groundtruth_rect.txt or groundtruth.txt'


def test_two_ground_truths_of_one_sequence_are_refused(tmp_path: Path) -> None:
    files = {'a.txt': BOX, 'a_gt.txt': '5,6,7,8\n', 'b.txt': BOX, 'b_gt.txt': BOX}
    ground_truth = load(tmp_path, files)

    assert list(ground_truth.boxes) == ['b']
    assert ground_truth.left_out == {
        'a': f'{tmp_path}/a.txt and {tmp_path}/a_gt.txt are both the ground truth of a; remove one'
    }


def test_readme_among_annotations_is_not_a_sequence(tmp_path: Path) -> None:
    files = {
        'a_gt.txt': BOX,
        'README.TXT': 'for example\n1,2,3,4\n',
        'sizes.txt': 'UAV123\n\nFormat: x,y,w,h in 1280 x 720 px; 123 files\n',
        'polygon.txt': '1,2,3,4,5,6,7,8\n',
    }
    ground_truth = load(tmp_path, files)

    assert list(ground_truth.boxes) == ['a']
    assert ground_truth.passed_over == (tmp_path / 'README.TXT', tmp_path / 'sizes.txt')
    assert 'polygon.txt, line 1' in ground_truth.left_out['polygon']


def test_header_needs_one_line_more_than_there_are_images(tmp_path: Path) -> None:
    files = {f'{name}/groundtruth_rect.txt': 'init\n' + BOX * 2 for name in 'ab'}
    images = ['a/img/1.jpg', 'a/img/2.jpg', 'b/img/1.jpg', 'b/img/2.jpg', 'b/img/3.jpg']
    ground_truth = load(tmp_path, {**files, **dict.fromkeys(images, '')})

    assert len(ground_truth.boxes['a']) == 2
    assert "b/groundtruth_rect.txt, line 1: 'init' is not a box" in ground_truth.left_out['b']


@pytest.mark.parametrize(
    ('truth_file', 'attribute_file'),
    [
        ('anno/a.txt', 'anno/att/a.txt'),
        ('anno/a_gt.txt', 'anno/att/a_att.txt'),
        ('annotations/a.txt', 'attributes/a_attr.txt'),
    ],
)
def test_attributes_are_found_where_the_benchmarks_have_them(
    tmp_path: Path, truth_file: str, attribute_file: str
) -> None:
    write(tmp_path, {truth_file: BOX, attribute_file: '0,1'})
    ground_truth = load_ground_truth((tmp_path / truth_file).parent)

    assert load_attributes(ground_truth, ['IV', 'SV']) == {'a': ['SV']}


def test_attributes_in_sequence_folders_and_elsewhere(tmp_path: Path) -> None:
    files = {f'set/{name}/groundtruth_rect.txt': BOX for name in 'ab'}
    write(tmp_path, {**files, 'set/a/attributes.txt': 'static\n', 'att/b.txt': '1 0'})
    ground_truth = load_ground_truth(tmp_path / 'set')

    assert load_attributes(ground_truth) == {'a': ['static']}
    elsewhere = load_attributes(ground_truth, ['IV', 'SV'], tmp_path / 'att')
    assert elsewhere == {'a': ['static'], 'b': ['IV']}


def test_each_unusable_attribute_file_is_reported(tmp_path: Path) -> None:
    attributes = {'att/a.txt': '1,0', 'att/b.txt': '1,0,1', 'att/c.txt': '\0'}
    ground_truth = load(tmp_path, {**{f'{name}.txt': BOX for name in 'abc'}, **attributes})
    problems: List[str] = []

    assert load_attributes(ground_truth, ['IV', 'SV'], None, problems.append) == {'a': ['IV']}
    assert '3 flags for 2 attribute names' in problems[0]
    assert 'att/c.txt: not a text file' in problems[1]
    with pytest.raises(ValueError, match='3 flags'):
        load_attributes(ground_truth, ['IV', 'SV'])


def test_flags_pick_names_and_must_fit_them(tmp_path: Path) -> None:
    path = write(tmp_path, {'a.txt': '0,1,0,1\n'}) / 'a.txt'

    assert read_attributes(path, ['IV', 'SV', 'POC', 'FOC']) == ['SV', 'FOC']
    with pytest.raises(ValueError, match=r'a\.txt: 4 flags for 0 attribute names'):
        read_attributes(path)
    with pytest.raises(FileNotFoundError, match=r'b\.txt: no such attribute file'):
        read_attributes(tmp_path / 'b.txt')


def test_attribute_names_are_read_line_by_line(tmp_path: Path) -> None:
    (tmp_path / 'a.txt').write_bytes(b'fast_motion\r\nsmall target\n\n')

    assert read_attributes(tmp_path / 'a.txt') == ['fast_motion', 'small target']
