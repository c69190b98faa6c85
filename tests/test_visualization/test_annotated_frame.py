import numpy as np
import pytest

from mmeatrack.visualization import FrameHeader, LabelledBox, draw_frame

RED = (0, 0, 255)
HEADER = FrameHeader('Car2', 0, 9)


@pytest.mark.parametrize(
    ('size', 'picture'),
    [
        ((120, 160), (480, 640)),  # small ones are enlarged
        ((121, 161), (480, 640)),
        ((480, 640), (480, 640)),
        ((721, 1281), (720, 1280)),  # even, for video codecs
        ((1000, 90), (7112, 640)),
    ],
)
def test_picture_is_wide_enough_and_even(size, picture):
    frame = np.full((*size, 3), 90, np.uint8)
    image = draw_frame(frame, [], HEADER)
    strip = draw_frame(np.zeros((480, picture[1], 3), np.uint8), [], HEADER).shape[0] - 480
    assert image.shape == (picture[0] + strip, picture[1], 3)
    assert image.shape[0] % 2 == 0
    assert (image[strip:] == 90).all()


def test_frame_of_full_size_is_under_the_header_unchanged():
    frame = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    before = frame.copy()
    image = draw_frame(frame, [LabelledBox('a', (10, 20, 30, 40), RED)], HEADER)
    assert np.array_equal(frame, before)
    assert np.array_equal(draw_frame(frame, [], HEADER)[-480:], frame)
    assert not np.array_equal(image[-480:], frame)


def test_box_is_where_the_target_is_after_enlarging():
    frame = np.zeros((120, 160, 3), np.uint8)
    frame[50:70, 40:80] = 255
    image = draw_frame(frame, [LabelledBox('', (40, 50, 40, 20), RED)], HEADER)[-480:]
    rows, columns = (image == RED).all(axis=2).nonzero()
    # Four px for one; the line is the two px outside.
    for found, expected in (
        (rows.min(), 198),
        (rows.max(), 281),
        (columns.min(), 158),
        (columns.max(), 321),
    ):
        assert found == expected
    white = (image == 255).all(axis=2)
    assert white[210:270, 170:310].all()


def test_size_is_that_of_the_other_frames():
    frame = np.zeros((100, 200, 3), np.uint8)
    one = LabelledBox('EATrack', (1, 2, 3, 4), RED, has_score=True, score=0.1, lost=True)
    other = LabelledBox('EATrack', None, RED, has_score=True)
    shapes = {draw_frame(frame, [box], HEADER).shape for box in (one, other)}
    assert len(shapes) == 1


@pytest.mark.parametrize(
    'frame',
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3)),
        np.zeros((0, 10, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(frame):
    with pytest.raises(ValueError, match='cannot be drawn on'):
        draw_frame(frame, [], HEADER)
