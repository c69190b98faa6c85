from pathlib import Path

import numpy as np
import pytest

from mmeatrack.files.ground_truth import load_attributes, load_ground_truth

BOX = '1,2,3,4\n'


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    'file_name', ['{}.txt', '{}_gt.txt', '{}/groundtruth_rect.txt', '{}/groundtruth.txt']
)
def test_layouts(tmp_path: Path, file_name: str) -> None:
    for name in ('car1_s', 'bird1_1'):
        write(tmp_path / file_name.format(name), BOX)

    ground_truth = load_ground_truth(tmp_path)

    assert list(ground_truth.boxes) == ['bird1_1', 'car1_s']
    np.testing.assert_array_equal(ground_truth.boxes['car1_s'], [[1, 2, 3, 4]])


def test_stray_text_beside_sequence_folders(tmp_path: Path) -> None:
    write(tmp_path / 'car' / 'groundtruth_rect.txt', BOX)
    write(tmp_path / 'readme.txt', 'hello')

    assert list(load_ground_truth(tmp_path).boxes) == ['car']


def test_bad_files_are_left_out_with_file_and_line(tmp_path: Path) -> None:
    write(tmp_path / 'a.txt', BOX)
    write(tmp_path / 'b.txt', BOX + 'x\n')
    write(tmp_path / 'c.txt', 'NaN,NaN,NaN,NaN\n' + BOX)

    ground_truth = load_ground_truth(tmp_path)

    assert list(ground_truth.boxes) == ['a']
    assert ground_truth.left_out['b'].startswith(f'{tmp_path}/b.txt, line 2')
    assert ground_truth.left_out['c'].startswith(f'{tmp_path}/c.txt, line 1: the first box')


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='holds no ground truth'):
        load_ground_truth(tmp_path)
    with pytest.raises(FileNotFoundError, match='no such folder'):
        load_ground_truth(tmp_path / 'anno')
    write(tmp_path / 'a.txt', '')
    with pytest.raises(ValueError, match=r'can be used; the first: .*a\.txt: the file is empty'):
        load_ground_truth(tmp_path)


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
    write(tmp_path / truth_file, BOX)
    write(tmp_path / attribute_file, '0,1')
    ground_truth = load_ground_truth((tmp_path / truth_file).parent)

    assert load_attributes(ground_truth, ['IV', 'SV']) == {'a': ['SV']}


def test_attributes_in_sequence_folders_and_elsewhere(tmp_path: Path) -> None:
    for name in ('a', 'b'):
        write(tmp_path / 'set' / name / 'groundtruth_rect.txt', BOX)
    write(tmp_path / 'set' / 'a' / 'attributes.txt', 'static\n')
    write(tmp_path / 'att' / 'b.txt', '1 0')
    ground_truth = load_ground_truth(tmp_path / 'set')

    assert load_attributes(ground_truth) == {'a': ['static']}
    elsewhere = load_attributes(ground_truth, ['IV', 'SV'], tmp_path / 'att')
    assert elsewhere == {'a': ['static'], 'b': ['IV']}
