from pathlib import Path

import pytest

from mmeatrack.files.frame_files import frame_number, list_frames, natural_key
from tests.test_datasets.trees import touch_frames


def test_frames_are_ordered_by_number_not_by_text(tmp_path: Path) -> None:
    touch_frames(tmp_path, ['img10.jpg', 'img9.jpg', 'img0008.jpg', 'img100.JPG'])

    assert list_frames(tmp_path) == ['img0008.jpg', 'img9.jpg', 'img10.jpg', 'img100.JPG']


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    touch_frames(tmp_path, ['1.png', '2.png', '.DS_Store', '._1.png', 'Thumbs.db', 'notes.txt'])

    assert list_frames(tmp_path) == ['1.png', '2.png']


def test_frame_numbers_may_have_gaps(tmp_path: Path) -> None:
    touch_frames(tmp_path, ['000003.jpg', '000001.jpg', '000007.jpg'])

    assert list_frames(tmp_path) == ['000001.jpg', '000003.jpg', '000007.jpg']


def test_range_takes_both_ends(tmp_path: Path) -> None:
    touch_frames(tmp_path, [f'{i:06d}.jpg' for i in range(1, 21)])

    names = list_frames(tmp_path, 5, 8)

    assert names == ['000005.jpg', '000006.jpg', '000007.jpg', '000008.jpg']


def test_missing_frame_of_a_range_is_named(tmp_path: Path) -> None:
    touch_frames(tmp_path, ['000001.jpg', '000002.jpg', '000004.jpg', '000005.jpg'])

    with pytest.raises(FileNotFoundError, match=r'frame 3 is missing.*of 1-5'):
        list_frames(tmp_path, 1, 5)


def test_doubled_frame_of_a_range_is_named(tmp_path: Path) -> None:
    touch_frames(tmp_path, ['000001.jpg', '000002.jpg', '000002.png'])

    with pytest.raises(ValueError, match='both frame 2'):
        list_frames(tmp_path, 1, 2)


def test_folder_must_hold_images(tmp_path: Path) -> None:
    touch_frames(tmp_path, ['readme.txt'])

    with pytest.raises(FileNotFoundError, match='no image'):
        list_frames(tmp_path)
    with pytest.raises(FileNotFoundError, match='no such image folder'):
        list_frames(tmp_path / 'img')


@pytest.mark.parametrize(
    ('name', 'number'),
    [('img000012.jpg', 12), ('000775.jpg', 775), ('clip2_frame7.png', 7), ('cover.jpg', None)],
)
def test_frame_number(name: str, number: int) -> None:
    assert frame_number(name) == number


def test_natural_key_compares_text_before_numbers() -> None:
    assert sorted(['b1', 'a10', 'a9'], key=natural_key) == ['a9', 'a10', 'b1']
