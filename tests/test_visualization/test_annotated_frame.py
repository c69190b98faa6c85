from dataclasses import replace

import numpy as np
import pytest

from mmeatrack.visualization import FrameHeader, LabelledBox, draw_frame
from mmeatrack.visualization.annotated_frame import draw_header
from mmeatrack.visualization.canvas import Canvas

RED = (0, 0, 255)
HEADER = FrameHeader('Car2', 3, 99)
BOX = LabelledBox('EATrack', (1, 2, 3, 4), RED, score=0.5, lost=False)


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


def test_frames_with_the_same_labels_have_one_size():
    frame = np.zeros((100, 200, 3), np.uint8)
    one = LabelledBox('EATrack', (1, 2, 3, 4), RED, score=0.1, lost=True)
    other = LabelledBox('EATrack', None, RED, score=-1)
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
    with pytest.raises(ValueError, match=r'the frame to draw on is .*BGR'):
        draw_frame(frame, [], HEADER)


def strip(*boxes: LabelledBox, header: FrameHeader = HEADER, width: int = 640) -> np.ndarray:
    below = Canvas(np.zeros((2, width, 3), np.uint8))
    return draw_header(below, boxes, header).image


def bar_length(box: LabelledBox) -> int:
    """Longest run of the box color in a row of px, right of its line sample in the legend."""
    image = strip(box)
    columns = (image == RED).all(axis=2)[:, 40:]
    return int(columns.sum(axis=1).max())


def test_bar_is_as_long_as_the_score():
    assert bar_length(replace(BOX, score=1.0)) == 70
    assert bar_length(BOX) == 35
    assert bar_length(replace(BOX, score=0.0)) == 0
    assert bar_length(replace(BOX, score=7.0)) == 70


def test_frames_without_a_score_keep_an_empty_bar():
    empty = [replace(BOX, score=nothing, lost=None) for nothing in (-1.0, float('nan'))]
    for box in empty:
        assert bar_length(box) == 0
        assert strip(box).shape == strip(BOX).shape
    assert np.array_equal(*map(strip, empty))
    dark = (strip(replace(BOX, score=None)) == (80, 74, 70)).all(axis=2)
    assert not dark.any(), 'a tracker without scores has no bar'
    assert (strip(empty[0]) == (80, 74, 70)).all(axis=2).sum() == 70 * 10


def test_state_is_shown_only_if_it_is_known():
    images = [strip(replace(BOX, lost=lost)) for lost in (True, False, None)]
    ink = [(image != images[2]).any(axis=2).sum() for image in images[:2]]
    assert ink[0] > 2 * ink[1] > 60  # LOST on a red ground; tracked
    # The alarm's ground, right of the number.
    assert (images[0] == (60, 60, 235)).all(axis=2).sum() > 200
    assert not (images[1] == (60, 60, 235)).all(axis=2).any()


def test_legend_wraps_into_rows():
    labels = [replace(BOX, label=f'tracker {i}') for i in range(5)]
    heights = [strip(*labels[:count]).shape[0] for count in range(1, 6)]
    assert heights == sorted(heights)
    assert heights[0] < heights[-1]
    assert heights[0] < heights[2]  # three take two rows, and one in a wider picture
    assert strip(*labels[:3], width=4000).shape == strip(labels[0], width=4000).shape
    assert all(height % 2 == 0 for height in heights)


def test_height_is_the_same_for_all_frames():
    other = strip(
        replace(BOX, score=-1, lost=True, box_xywh=None),
        header=FrameHeader('Car2', 12345, None, absent=True),
    )
    assert other.shape == strip(BOX).shape


def test_title_shows_frame_and_absence():
    assert not np.array_equal(strip(BOX), strip(BOX, header=replace(HEADER, frame=4)))
    absent = strip(BOX, header=replace(HEADER, absent=True))
    changed = (absent != strip(BOX)).any(axis=2)
    assert changed.sum() > 100
    assert changed[26:].sum() == 0  # in the first line only
    assert changed[:, :320].sum() == 0  # on its right


def test_long_name_does_not_overlap_the_number():
    short = strip(BOX, header=HEADER)
    long = strip(BOX, header=replace(HEADER, sequence='a_long_name_' * 20))
    assert np.array_equal(short[:22, 560:], long[:22, 560:])
