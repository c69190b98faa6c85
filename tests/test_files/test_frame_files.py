from pathlib import Path
from typing import List

import pytest

from mmeatrack.files.frame_files import find_gap, frame_number, list_frames, sort_frames
from tests.test_datasets.trees import touch_frames


def test_frames_are_listed_by_number(tmp_path: Path) -> None:
    names = ['img10.jpg', 'img9.jpg', 'img0008.jpg', 'img100.JPG']
    others = ['.DS_Store', '._1.png', '.img0001.jpg', 'Thumbs.db', 'notes.txt']
    touch_frames(tmp_path, [*names, *others])

    assert list_frames(tmp_path) == ['img0008.jpg', 'img9.jpg', 'img10.jpg', 'img100.JPG']


def test_range_takes_both_ends(tmp_path: Path) -> None:
    touch_frames(tmp_path, [f'{i:06d}.jpg' for i in range(1, 21)])

    names = list_frames(tmp_path, 5, 8)

    assert names == ['000005.jpg', '000006.jpg', '000007.jpg', '000008.jpg']


def test_missing_frame_of_a_range_is_named(tmp_path: Path) -> None:
    touch_frames(tmp_path, ['000001.jpg', '000002.jpg', '000004.jpg', '000005.jpg'])

    with pytest.raises(FileNotFoundError, match=r'frame 3 is missing.*of 1-5'):
        list_frames(tmp_path, 1, 5)


def test_duplicate_frame_of_a_range_is_named(tmp_path: Path) -> None:
    touch_frames(tmp_path, ['a1_1.jpg', 'a1_2.jpg', 'a2_2.jpg'])

    with pytest.raises(ValueError, match=r'a1_2\.jpg and a2_2\.jpg are both frame 2'):
        list_frames(tmp_path, 1, 2)


def test_folder_without_images_is_refused(tmp_path: Path) -> None:
    touch_frames(tmp_path, ['1.tif', '2.tif', 'notes'])

    with pytest.raises(FileNotFoundError, match=r'no image .* holds 1 without a suffix, 2 \.tif'):
        list_frames(tmp_path)
    with pytest.raises(FileNotFoundError, match='no such image folder'):
        list_frames(tmp_path / 'img')


@pytest.mark.parametrize(
    ('name', 'number'),
    [('img000012.jpg', 12), ('000775.jpg', 775), ('clip2_frame7.png', 7), ('cover.jpg', None)],
)
def test_frame_number(name: str, number: int) -> None:
    assert frame_number(name) == number


IN_ORDER = {
    'gaps and other padding': ['img1.jpg', 'img02.jpg', 'img0010.jpg'],
    'other case': ['frame0001.jpg', 'FRAME0002.JPG', 'Frame0003.jpg'],
    'time stamps': ['0.05.jpg', '0.1.jpg', '0.125.jpg', '0.2.jpg', '1.jpg', '10.5.jpg'],
    'time stamps without the zero': ['.05.jpg', '.1.jpg', '.125.jpg', '.2.jpg'],
    'time stamps after a letter': ['t.05.png', 't.1.png', 't.125.png', 't.2.png'],
    'exponents': ['0.0.jpg', '5e-05.jpg', '3.3e-02.jpg', '1.0e+00.jpg'],
    'negative numbers': ['-10.jpg', '-9.jpg', '0.jpg', '3.jpg'],
    'a dot before the number': ['img.0009.jpg', 'img.0010.jpg', 'img.0100.jpg'],
    'dates': ['2023.12.31.jpg', '2024.01.02.jpg', '2024.1.10.jpg'],
    'times of the day': ['12-00-59.jpg', '12-01-00.jpg', '12-01-01.jpg'],
    'several types': ['1.png', '2.jpg', '3.bmp'],
    'any text after the number': ['f_0001_jpg.rf.9c.jpg', 'f_0002_jpg.rf.a1b2.jpg'],
    'one image': ['cover.jpg'],
}


@pytest.mark.parametrize('case', IN_ORDER)
def test_order_is_that_of_the_numbers(case: str) -> None:
    assert sort_frames(sorted(IN_ORDER[case], reverse=True)) == IN_ORDER[case]


TWICE = [
    ['00005.jpg', '00005 (1).jpg'],
    ['00005.jpg', '00005 - Copy.jpg'],
    ['00005.jpg', '00005_2.jpg'],
    ['00005.jpg', 'Copy of 00005.jpg'],
    ['00005.jpg', 'thumb_00005.jpg'],
    ['00005.jpg', '5.jpg'],
    ['00005.jpg', '00005.png'],
    ['00005.jpg', '00005.JPG'],
]


@pytest.mark.parametrize('twins', TWICE, ids=' '.join)
def test_duplicate_frame_is_named(tmp_path: Path, twins: List[str]) -> None:
    touch_frames(tmp_path, ['00001.jpg', '00004.jpg', '00006.jpg', '00010.jpg', *twins])

    with pytest.raises(ValueError, match='are both frame 5; remove one') as caught:
        list_frames(tmp_path)

    assert f'{tmp_path}: ' in str(caught.value)
    assert all(f'{name} ' in str(caught.value) for name in twins)


AMBIGUOUS = {
    'no number at all': (['a.jpg', 'b.jpg'], 'whether a.jpg or b.jpg comes first'),
    'one without a number': (['1.jpg', '2.jpg', 'cover.jpg'], 'whether 2.jpg or cover.jpg'),
    'another text': (['img5.jpg', 'img6.jpg', 'a0.jpg'], 'whether a0.jpg or img5.jpg'),
    'two cameras': (['left_1.jpg', 'right_1.jpg'], 'left_1.jpg and right_1.jpg are both frame 1'),
    'decimals of equal value': (['0.1.jpg', '0.10.jpg', '0.2.jpg'], '0.1.jpg and 0.10.jpg'),
    'decimals or counts': (['1.9.jpg', '1.10.jpg', '1.11.jpg'], 'the dots in 1.10.jpg, 1.11.jpg'),
    'counts after a dot': (['img.2.jpg', 'img.11.jpg'], 'the dots in img.11.jpg, img.2.jpg'),
}


@pytest.mark.parametrize('case', AMBIGUOUS)
def test_ambiguous_order_is_refused(case: str) -> None:
    names, reason = AMBIGUOUS[case]
    with pytest.raises(ValueError, match=reason):
        sort_frames(names)


def test_gap_is_found_in_whole_numbers_only() -> None:
    assert find_gap(['1.jpg', '2.jpg', '4.jpg']) == 'no frame between 2.jpg and 4.jpg'
    assert find_gap(['0.1.jpg', '0.125.jpg']) is None
