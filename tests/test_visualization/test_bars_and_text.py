import numpy as np
import pytest

from mmeatrack.visualization.bars_and_text import (
    dashes,
    draw_text,
    fill_rect,
    px,
    shorten,
    text_width,
)

COLOR = (10, 200, 255)


def canvas() -> np.ndarray:
    return np.zeros((60, 200, 3), np.uint8)


def test_lengths_are_whole_px_and_one_at_least():
    assert [px(10, 1), px(10, 1.26), px(0.1, 1)] == [10, 13, 1]


def test_rectangle_covers_its_px():
    image = canvas()
    fill_rect(image, (20, 30, 24, 33), COLOR)
    assert (image[30:33, 20:24] == COLOR).all()
    assert (image != 0).any(axis=2).sum() == 12


@pytest.mark.parametrize('far', [300, 1e9, float('inf')])
def test_rectangle_is_cut_at_the_border(far):
    image = canvas()
    fill_rect(image, (-far, 50.4, far, far), COLOR)
    assert (image[50:] == COLOR).all()
    assert not image[:50].any()


def test_rectangle_outside_leaves_the_image():
    image = canvas()
    for rect in ((-9, 0, -3, 20), (200, 0, 220, 20), (0, -9, 20, -3), (0, 60, 20, 70)):
        fill_rect(image, rect, COLOR)
    assert not image.any()


def test_dashes_and_gaps_are_equally_long():
    assert dashes((20, 30, 70, 33), 10) == [
        (20, 30, 30, 33),
        (40, 30, 50, 33),
        (60, 30, 70, 33),
    ]
    assert dashes((30, 20, 33, 70), 10) == [
        (30, 20, 33, 30),
        (30, 40, 33, 50),
        (30, 60, 33, 70),
    ]


def test_dashes_have_a_gap_at_least_and_are_not_too_many():
    assert dashes((0, 0, 6, 1), 10) == [(0, 0, 2, 1), (4, 0, 6, 1)]
    many = dashes((0, 0, 1e9, 1), 10)
    assert len(many) == 250
    assert many[0][0] == 0
    assert many[-1][2] == 1e9


def test_text_lies_within_its_width_around_its_middle():
    image = canvas()
    draw_text(image, 'TRACK', 20, 30, 1.5)
    rows, columns = image.any(axis=2).nonzero()
    assert abs((rows.min() + rows.max()) / 2 - 30) <= 1.5
    assert columns.min() >= 18
    assert columns.max() <= 20 + text_width('TRACK', 1.5) + 2


def test_shortened_text_fits():
    name = 'a_sequence_with_a_long_name_007'
    assert shorten(name, text_width(name, 1), 1) == name
    short = shorten(name, 80, 1)
    assert short.endswith('...')
    assert name.startswith(short[:-3])
    assert text_width(short, 1) <= 80 < text_width(name[: len(short) - 2] + '...', 1)
