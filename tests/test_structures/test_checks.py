import math

import numpy as np
import pytest

from mmeatrack.structures import check_target_box
from mmeatrack.structures.checks import check_choice, check_counts, check_shares, warn_of_box
from tests.toys import logged

IMAGE = (100, 80)


def test_check_target_box_returns_the_box_as_floats() -> None:
    box = check_target_box([10, 20, 30, 40], IMAGE)
    assert box == (10.0, 20.0, 30.0, 40.0)
    assert all(type(value) is float for value in box)


@pytest.mark.parametrize('box', [(-5, -5, 6, 6), (99, 79, 1, 1), (-50, -50, 500, 500)])
def test_check_target_box_accepts_a_box_partly_outside(box) -> None:
    assert check_target_box(box, IMAGE) == tuple(float(value) for value in box)


@pytest.mark.parametrize(
    ('box', 'reason'),
    [
        ((10, 10, 0, 5), 'above 0'),
        ((10, 10, 5, 0), 'above 0'),
        ((10, 10, -5, 5), 'above 0'),
        ((10, 10, 5, -5), 'above 0'),
        ((math.nan, 10, 5, 5), 'four finite numbers'),
        ((10, 10, 5, math.nan), 'four finite numbers'),
        ((10, math.inf, 5, 5), 'four finite numbers'),
        ((10, 10, math.inf, 5), 'four finite numbers'),
        ((10, 10, 5), 'four finite numbers'),
        ((10, 10, 5, 5, 5), 'four finite numbers'),
        ((100, 10, 5, 5), 'outside the image'),
        ((10, 80, 5, 5), 'outside the image'),
        ((-5, 10, 5, 5), 'outside the image'),
        ((10, -7, 5, 7), 'outside the image'),
        ((10, 10, 1e-6, 5), 'at least 0.01 px.*in fractions of the image'),
        ((0.4, 0.3, 0.1, 0.2), 'in fractions of the image'),
        ((5, 5, 1001, 20), 'over 10 times'),
        ((5, 5, 20, 1e30), 'over 10 times'),
    ],
)
def test_check_target_box_refuses(box, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as error:
        check_target_box(box, IMAGE)
    message = str(error.value)
    assert '100x80' in message
    assert str([float(value) for value in box]) in message
    assert 'Correct the initial box' in message


@pytest.mark.parametrize(
    ('box', 'warns'),
    [((60, 50, 80, 60), True), ((60, 50, 60, 40), False), ((-5, -5, 9, 9), True)],
)
def test_box_mostly_outside_gives_a_warning(box, warns: bool) -> None:
    with logged() as lines:
        warn_of_box(box, IMAGE)
    assert ['x1,y1,x2,y2 by mistake?' in line for line in lines] == [True] * warns


@pytest.mark.parametrize('box', [None, '10,10,5,5', (10, None, 5, 5), [[10, 10, 5, 5]]])
def test_check_target_box_refuses_non_numbers(box) -> None:
    with pytest.raises(ValueError, match='four finite numbers are needed'):
        check_target_box(box, IMAGE)


def test_numbers_and_other_values_are_accepted() -> None:
    check_shares(None, least=0, most=np.float32(1), unset=None)
    check_counts('auto', least=1, chosen='auto')
    check_choice(dict(a=1, b=2), first='a', second='b')


@pytest.mark.parametrize(
    ('check', 'others', 'value', 'expected'),
    [
        (check_shares, [], 1.1, r'x=1.1 must lie between 0 and 1\.'),
        (check_shares, ['auto'], '0.5', r"x='0.5' must lie between 0 and 1, or be 'auto'\."),
        (check_shares, [], math.nan, 'x=nan must lie'),
        (check_counts, [], 0, r'x=0 must be a whole number of at least 1\.'),
        (check_counts, [None], 2.0, r'x=2.0 must be a whole number of at least 1, or be None\.'),
        (check_choice, [['a', 'b']], 'c', r"x='c' is unknown; it is one of \['a', 'b'\]\."),
    ],
)
def test_other_numbers_and_names_are_refused(check, others, value, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        check(*others, x=value)
