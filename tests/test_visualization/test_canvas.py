import numpy as np
import pytest

from mmeatrack.visualization.canvas import Canvas, dashes

COLOR = (10, 200, 255)


def canvas(width: int = 640, height: int = 60) -> Canvas:
    return Canvas(np.zeros((height, width, 3), np.uint8))


def test_sizes_follow_the_width():
    assert canvas(640).unit == 1
    assert canvas(1280).unit == pytest.approx(2**0.8)
    assert canvas(320).unit == pytest.approx(0.5**0.8)


def test_lengths_are_whole_px_and_at_least_one():
    found = [canvas(640).px(10), canvas(855).px(10), canvas(640).px(0.1)]
    assert found == [10, 13, 1]


@pytest.mark.parametrize(
    ('size', 'picture', 'scale'),
    [
        ((120, 160), (480, 640), 4),  # small ones are enlarged
        ((121, 161), (480, 640), 640 / 161),
        ((480, 640), (480, 640), 1),
        ((721, 1281), (720, 1280), 1280 / 1281),  # even, for video codecs
        ((1000, 90), (7112, 640), 640 / 90),
        ((1, 1), (640, 640), 640),
        ((1, 2000), (2, 2000), 1),
    ],
)
def test_frame_becomes_wide_enough_and_even(size, picture, scale):
    found = Canvas.of_frame(np.full((*size, 3), 90, np.uint8))
    assert (found.height, found.width) == picture
    assert found.scale == pytest.approx(scale)
    assert (found.image == 90).all()


def test_rectangle_covers_its_px():
    image = canvas().image
    Canvas(image).fill((20, 30, 24, 33), COLOR)
    assert (image[30:33, 20:24] == COLOR).all()
    assert (image != 0).any(axis=2).sum() == 12


@pytest.mark.parametrize('far', [700, 1e9, float('inf')])
def test_rectangle_is_clipped_at_the_border(far):
    image = canvas().image
    Canvas(image).fill((-far, 50.4, far, far), COLOR)
    assert (image[50:] == COLOR).all()
    assert not image[:50].any()


def test_rectangle_outside_leaves_the_image_unchanged():
    image = canvas().image
    for rect in ((-9, 0, -3, 20), (640, 0, 660, 20), (0, -9, 20, -3), (0, 60, 20, 70)):
        Canvas(image).fill(rect, COLOR)
    assert not image.any()


def test_dashes_and_gaps_are_equally_long():
    assert dashes((20, 30, 70, 33), 10) == [(20, 30, 30, 33), (40, 30, 50, 33), (60, 30, 70, 33)]
    assert dashes((30, 20, 33, 70), 10) == [(30, 20, 33, 30), (30, 40, 33, 50), (30, 60, 33, 70)]


def test_dashes_have_a_gap_and_their_number_is_limited():
    assert dashes((0, 0, 6, 1), 10) == [(0, 0, 2, 1), (4, 0, 6, 1)]
    many = dashes((0, 0, 1e9, 1), 10)
    assert len(many) == 250
    assert many[0][0] == 0
    assert many[-1][2] == 1e9


def test_text_lies_within_its_width_around_its_middle():
    drawn = canvas(1062)
    assert drawn.unit == pytest.approx(1.5, abs=1e-3)
    drawn.text('TRACK', 20, 30)
    rows, columns = drawn.image.any(axis=2).nonzero()
    assert abs((rows.min() + rows.max()) / 2 - 30) <= 1.5
    assert columns.min() >= 18
    assert columns.max() <= 20 + drawn.text_width('TRACK') + 2


def test_shortened_text_fits():
    name, drawn = 'a_sequence_with_a_long_name_007', canvas()
    assert drawn.shorten(name, drawn.text_width(name)) == name
    short = drawn.shorten(name, 80)
    assert short.endswith('...')
    assert name.startswith(short[:-3])
    assert drawn.text_width(short) <= 80 < drawn.text_width(name[: len(short) - 2] + '...')
