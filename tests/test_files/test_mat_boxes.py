import io
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from mmeatrack.files.box_text import parse_result

BOXES = np.array([[1, 2, 3, 4], [5.5, 6, 7, 8.25], [np.nan, 1, 1, 1]])


def mat(**variables: Any) -> bytes:
    buffer = io.BytesIO()
    savemat(buffer, variables)
    return buffer.getvalue()


def cell(*values: Any) -> np.ndarray:
    array = np.empty((1, len(values)), dtype=object)
    array[0, :] = values
    return array


RESULT = dict(res=BOXES, type='rect', fps=20.5, len=3, annoBegin=1, startFrame=1)


@pytest.mark.parametrize(
    'content',
    [
        mat(results=cell(RESULT)),
        mat(results=RESULT),
        mat(results=dict(res=BOXES)),
        mat(results=BOXES, fps=3),
        mat(rects=BOXES, seconds=np.ones((3, 1))),
        b'NaN,1,2,3\n5.5,6,7,8.25\nnan,1,1,1\n',
    ],
    ids=['cell', 'struct', 'boxes-only', 'matrix', 'other-name', 'text'],
)
def test_boxes_of_toolkits(content: bytes) -> None:
    boxes = parse_result(content, 'a.mat', 3)

    assert boxes.dtype == np.float64
    np.testing.assert_array_equal(boxes[1:], BOXES[1:])


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (mat(results=cell(RESULT, RESULT)), r'a\.mat: results of 2 segments'),
        (mat(results=cell(dict(RESULT, type='ivtAff'))), "type 'ivtAff'"),
        (mat(results=cell(dict(RESULT, res=BOXES[:, :3]))), 'no boxes in its results'),
        (mat(a=BOXES, b=BOXES), r"cannot tell the boxes among \['a', 'b'\]"),
        (mat(positions=BOXES[:, :2]), r"among \['positions'\]"),
        (mat(results=cell(RESULT))[:300], 'a damaged MATLAB file'),
        (b'MATLAB 7.3 MAT-file'.ljust(124) + b'\x00\x02IM' + bytes(99), 'version 7.3; save it'),
    ],
    ids=['segments', 'type', 'columns', 'two', 'none', 'cut', 'version'],
)
def test_other_content_is_refused_by_name(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_result(content, 'a.mat', 3)
