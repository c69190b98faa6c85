import time
import warnings
from pathlib import Path
from typing import Optional

import numpy as np
import pytest

from mmeatrack.files.box_text import check_first_box, parse_boxes, read_boxes, resembles_boxes

BOXES = [[1.0, 2.0, 3.0, 4.0], [5.5, 6.0, 7.0, 8.25]]


FORMS = {
    'comma': '1,2,3,4\n5.5,6,7,8.25\n',
    'space': '1 2 3 4\n5.5 6 7 8.25',
    'tab': '1\t2\t3\t4\n5.5\t6\t7\t8.25\n\n\n',
    'crlf': '1, 2, 3, 4\r\n5.5, 6, 7, 8.25\r\n',
    'semicolon': '1;2;3;4\n5.5;6;7;8.25\n',
    'header': 'x,y,w,h\n1,2,3,4\n5.5,6,7,8.25\n',
    'byte order mark': '\ufeff1,2,3,4\n5.5,6,7,8.25\n',
    'matlab': '  1.0000e+00   2   3   4\n  5.5   6   7   8.25\n',
    'ctrl-z': '1,2,3,4\r\n5.5,6,7,8.25\r\n\x1a',
    'double cr': '1,2,3,4\r\r\n5.5,6,7,8.25\r\r\n',
    'old mac': '1,2,3,4\r5.5,6,7,8.25\r',
    'quoted': '"1","2","3","4"\n"5.5","6","7","8.25"\n',
    'quoted lines': '"1,2,3,4"\n"5.5,6,7,8.25"\n',
    'full width': '1\uff0c2\uff0c3\uff0c4\n5.5\uff0c6\uff0c7\uff0c8.25\n',
    'full-width digits': '\uff11,\uff12,\uff13,\uff14\n5.5,6,7,8.25\n',
    'brackets': '[1, 2, 3, 4]\n[5.5 6. 7. 8.25]\n',
    'matlab rows': '1,2,3,4;\n5.5,6,7,8.25;\n',
    'decimal comma': '1,0;2;3;4\n5,5;6;7;8,25\n',
    'odd spaces': '1\u30002\xa03\u20034\n5.5 6 7 8.25\n',
    'video demo': '1,2,3,4,-1,0\n5.5,6,7,8.25,0.93,1\n',
    'video demo, header': 'x,y,w,h,score,lost\n1,2,3,4,-1,0\n5.5,6,7,8.25,0.93,1\n',
    'named columns': 'left\ttop\twidth\theight\n1\t2\t3\t4\n5.5\t6\t7\t8.25\n',
}


@pytest.mark.parametrize('form', FORMS)
def test_forms_of_all_programs_are_read(form: str) -> None:
    np.testing.assert_array_equal(parse_boxes(FORMS[form].encode(), 'file'), BOXES)
    utf16 = FORMS[form].lstrip('\ufeff').encode('utf-16')
    np.testing.assert_array_equal(parse_boxes(utf16, 'file'), BOXES)


def test_nan_rows_stay() -> None:
    boxes = parse_boxes('1,2,3,4\nNaN,NaN,NaN,NaN\nnan nan nan nan\n', 'file')

    np.testing.assert_array_equal(np.isnan(boxes).all(axis=1), [False, True, True])


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'file: the file is empty'),
        (b'\n \n', 'file: the file is empty'),
        (b'x,y,w,h\n', 'file: there is no box below the header'),
        (b'\xff\xfe\x00\x01', 'file: not a text file'),
        (b'1,2,3,4\x00', 'file: not a text file'),
        (b'1,2,3,4\n1,2,3\n', "file, line 2: '1,2,3' is not a box"),
        (b'1,2,3,4\n1,2,3,4,5,6,7,8\n', 'file, line 2'),
        (b'1,2,3\n1,2,3\n', 'file, line 1'),
        (b'1,2,3,4\n\n1,2,3,4\n', 'file, line 2: a blank line is not a box'),
        (b'1,2,3,4\n1_0,2,3,4\n', "file, line 2: '1_0,2,3,4' is not a box"),
        (b'1,2,3,4\n1,2,three,4\n', 'file, line 2'),
        (b'1,2,three,4\n', 'file, line 1'),
        (b'x,y,w,h\nx,y,w,h\n', 'file, line 2'),
    ],
)
def test_error_on_malformed_content_names_file_and_line(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_boxes(content, 'file')


@pytest.mark.parametrize('run', [' ', '\n', '\r', '\r\n', '1'])
def test_time_is_linear_in_long_runs_of_characters(run: str) -> None:
    content = ('1,2,3,4' + run * 30_000 + 'x').encode()
    start = time.process_time()
    with pytest.raises(ValueError, match='is not a box'):
        parse_boxes(content, 'file')
    resembles_boxes(content)
    assert time.process_time() - start < 1  # over 10 s if a pattern backtracks


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'1\.txt: no such box file'):
        read_boxes(tmp_path / '1.txt')


@pytest.mark.parametrize('first', [[np.nan] * 4, [1, 2, 0, 4], [1, 2, 3, -4], [np.inf, 2, 3, 4]])
def test_first_box_must_start_a_tracker(first: list) -> None:
    with pytest.raises(ValueError, match='gt, line 1: the first box is'):
        check_first_box(np.array([first, BOXES[0]]), 'gt')


@pytest.mark.parametrize('encoding', ['utf-16', 'utf-16-le', 'utf-16-be', 'utf-32', 'utf-8-sig'])
def test_other_encodings_are_read(encoding: str) -> None:
    content = '1,2,3,4\r\n5.5,6,7,8.25\r\n'.encode(encoding)

    np.testing.assert_array_equal(parse_boxes(content, 'file'), BOXES)


@pytest.mark.parametrize('line', ['None,None,None,None', 'init', '1', '', '[]', '1,2,3'])
def test_unreadable_first_line_of_a_result_is_frame_1(line: str) -> None:
    text = line + '\n' + '1,2,3,4\n' * 4

    boxes = parse_boxes(text, 'file', num_frames=5, first_is_given=True)

    assert boxes.shape == (5, 4)
    assert np.isnan(boxes[0]).all()
    np.testing.assert_array_equal(boxes[1:], [[1, 2, 3, 4]] * 4)


@pytest.mark.parametrize('line', ['x,y,w,h', 'frame 1 to 4', 'None,None,None,None', '4'])
def test_first_line_is_a_header_if_there_is_one_line_more_than_frames(line: str) -> None:
    text = line + '\n' + '1,2,3,4\n' * 4

    for first_is_given in (False, True):
        boxes = parse_boxes(text, 'file', 4, first_is_given)
        np.testing.assert_array_equal(boxes, [[1, 2, 3, 4]] * 4)


@pytest.mark.parametrize('num_frames', [None, 3, 5])
@pytest.mark.parametrize('line', ['None,None,None,None', 'init', '1,2,three,4'])
def test_unreadable_first_line_of_a_ground_truth_is_named(
    line: str, num_frames: Optional[int]
) -> None:
    text = line + '\n' + '1,2,3,4\n' * 3

    if num_frames == 3:
        assert len(parse_boxes(text, 'file', num_frames)) == 3
    else:
        with pytest.raises(ValueError, match=f'file, line 1: {line!r} is not a box'):
            parse_boxes(text, 'file', num_frames)


def test_header_with_a_box_too_few_or_too_many_is_refused() -> None:
    for count in (2, 3, 5):
        with pytest.raises(ValueError, match=f'a header and {count} boxes for 4 frames'):
            parse_boxes('x,y,w,h\n' + '1,2,3,4\n' * count, 'file', 4, first_is_given=True)


@pytest.mark.parametrize('header', ['x1,y1,x2,y2', 'cx cy w h', 'xmin;ymin;xmax;ymax', 'y,x,h,w'])
def test_header_of_other_columns_is_refused(header: str) -> None:
    for num_frames in (None, 1):
        with pytest.raises(ValueError, match='expected x,y,w,h, the upper left corner'):
            parse_boxes(header + '\n1,2,3,4\n', 'file', num_frames)


@pytest.mark.parametrize(
    ('text', 'line'),
    [
        ('1,2,3,4\r\n1,2,3\r\n1,2,3,4\r\n', 2),
        ('1,2,3,4\r1,2,3,4\r1,2,3\r', 3),
        ('x,y,w,h\n1,2,3,4\n1,2,3\n', 3),
        ('"1","2","3","4"\n"1","2","3"\n', 2),
        ('1,2,3,4\n1,2,3,4,5\n', 2),
        ('1,2,3,4\n1,2,3,4,5,6\n', 2),
        ('1,2,3,4\n10,5 20,5 30 40\n', 2),
        ('1,2,3,4\n1,2,3,4\x0c1,2,3\n', 2),
    ],
)
@pytest.mark.parametrize('encoding', ['utf-8', 'utf-16'])
def test_error_names_the_right_line(text: str, line: int, encoding: str) -> None:
    with pytest.raises(ValueError, match=f'file, line {line}: '):
        parse_boxes(text.encode(encoding), 'file')


def test_corners_instead_of_sizes_raise_a_warning() -> None:
    """Read as x,y,w,h, a file of x1,y1,x2,y2 is valid and its boxes grow as they move."""
    frame = np.arange(40.0)
    sizes = np.stack([5 + 2 * frame, 90 - frame, 20 + np.sin(frame), 10 + 0 * frame], axis=1)
    corners = np.concatenate([sizes[:, :2], sizes[:, :2] + sizes[:, 2:]], axis=1)
    corners[7] = np.nan
    with pytest.warns(UserWarning, match=r'car.txt: .* is this x1,y1,x2,y2'):
        check_first_box(corners, 'car.txt')
    still = np.tile([5.0, 6, 25, 16], (40, 1))  # of either form
    grown = np.stack([5 + frame, 6 + frame, 10 + 2 * frame, 10 + 2 * frame], axis=1)
    border = np.array([[0.0, 0.0, 3.0, 4.0]])
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for boxes in (sizes, corners[:6], still, grown, border):
            assert check_first_box(boxes, 'car.txt') is boxes
