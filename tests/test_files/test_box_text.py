from pathlib import Path

import numpy as np
import pytest

from mmeatrack.files.box_text import check_first_box, parse_boxes, read_boxes

BOXES = [[1.0, 2.0, 3.0, 4.0], [5.5, 6.0, 7.0, 8.25]]


@pytest.mark.parametrize(
    'text',
    [
        '1,2,3,4\n5.5,6,7,8.25\n',
        '1 2 3 4\n5.5 6 7 8.25',
        '1\t2\t3\t4\n5.5\t6\t7\t8.25\n\n\n',
        '1, 2, 3, 4\r\n5.5, 6, 7, 8.25\r\n',
        '1;2;3;4\n5.5;6;7;8.25\n',
        'x,y,w,h\n1,2,3,4\n5.5,6,7,8.25\n',
        '\ufeff1,2,3,4\n5.5,6,7,8.25\n',
        '  1.0000e+00   2   3   4\n  5.5   6   7   8.25\n',
    ],
    ids=['comma', 'space', 'tab', 'crlf', 'semicolon', 'header', 'bom', 'matlab'],
)
def test_every_usual_form_is_read(text: str) -> None:
    np.testing.assert_array_equal(parse_boxes(text.encode(), 'file'), BOXES)


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
        (b'1,2,3,4\n1,2,3\n', "file, line 2: '1,2,3' is no box"),
        (b'1,2,3,4\n1,2,3,4,5,6,7,8\n', 'file, line 2'),
        (b'1,2,3\n1,2,3\n', 'file, line 1'),
        (b'1,2,3,4\n\n1,2,3,4\n', 'file, line 2: a blank line is no box'),
        (b'1,2,3,4\n1,2,three,4\n', 'file, line 2'),
        (b'1,2,three,4\n', 'file, line 1'),
        (b'x,y,w,h\nx,y,w,h\n', 'file, line 2'),
    ],
)
def test_malformed_content_names_file_and_line(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_boxes(content, 'file')


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'1\.txt: no such box file'):
        read_boxes(tmp_path / '1.txt')


@pytest.mark.parametrize('first', [[np.nan] * 4, [1, 2, 0, 4], [1, 2, 3, -4], [np.inf, 2, 3, 4]])
def test_first_box_must_start_a_tracker(first: list) -> None:
    with pytest.raises(ValueError, match='gt, line 1: the first box is'):
        check_first_box(np.array([first, BOXES[0]]), 'gt')


def test_first_box_at_the_border_is_fine() -> None:
    boxes = np.array([[0.0, 0.0, 3.0, 4.0]])

    assert check_first_box(boxes, 'gt') is boxes
