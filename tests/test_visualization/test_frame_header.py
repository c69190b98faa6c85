from dataclasses import replace

import numpy as np

from mmeatrack.visualization.frame_header import FrameHeader, header_strip
from mmeatrack.visualization.labelled_boxes import LabelledBox

RED = (0, 0, 255)
BOX = LabelledBox('EATrack', (1, 2, 3, 4), RED, has_score=True, score=0.5, lost=False)
HEADER = FrameHeader('Car2', 3, 99)


def strip(*boxes: LabelledBox, header: FrameHeader = HEADER, width: int = 640) -> np.ndarray:
    return header_strip(width, boxes, header, 1)


def bar_length(box: LabelledBox) -> int:
    """Longest run of the box's color in a row of px, beside its line in the legend."""
    image = strip(box)
    columns = (image == RED).all(axis=2)[:, 40:]
    return int(columns.sum(axis=1).max())


def test_bar_is_as_long_as_the_score():
    assert bar_length(replace(BOX, score=1.0)) == 70
    assert bar_length(BOX) == 35
    assert bar_length(replace(BOX, score=0.0)) == 0
    assert bar_length(replace(BOX, score=7.0)) == 70


def test_frames_without_a_score_have_an_empty_bar_of_equal_place():
    for nothing in (None, -1.0, float('nan')):
        image = strip(replace(BOX, score=nothing, lost=None))
        assert bar_length(replace(BOX, score=nothing, lost=None)) == 0
        assert image.shape == strip(BOX).shape
    empty = [strip(replace(BOX, score=nothing, lost=None)) for nothing in (None, -1.0)]
    assert np.array_equal(*empty)


def test_state_is_said_in_words_only_if_it_is_known():
    images = [strip(replace(BOX, lost=lost)) for lost in (True, False, None)]
    ink = [(image != images[2]).any(axis=2).sum() for image in images[:2]]
    assert ink[0] > 2 * ink[1] > 60  # LOST on a red ground; tracked
    # The alarm's ground, right of the number.
    assert (images[0] == (60, 60, 235)).all(axis=2).sum() > 200
    assert not (images[1] == (60, 60, 235)).all(axis=2).any()


def test_legend_takes_the_rows_that_it_needs():
    labels = [replace(BOX, label=f'tracker {i}') for i in range(5)]
    heights = [strip(*labels[:count]).shape[0] for count in range(1, 6)]
    assert heights == sorted(heights)
    assert heights[0] < heights[-1]
    assert strip(*labels, width=2000).shape[0] == heights[0]
    assert all(height % 2 == 0 for height in heights)


def test_height_does_not_depend_on_what_changes_from_frame_to_frame():
    other = strip(
        replace(BOX, score=None, lost=True, box_xywh=None),
        header=FrameHeader('Car2', 12345, None, absent=True),
    )
    assert other.shape == strip(BOX).shape


def test_title_tells_frame_and_absence():
    assert not np.array_equal(strip(BOX), strip(BOX, header=replace(HEADER, frame=4)))
    absent = strip(BOX, header=replace(HEADER, absent=True))
    changed = (absent != strip(BOX)).any(axis=2)
    assert changed.sum() > 100
    assert changed[26:].sum() == 0  # in the first line only
    assert changed[:, :320].sum() == 0  # on its right


def test_long_name_gives_way_to_the_number():
    short = strip(BOX, header=HEADER)
    long = strip(BOX, header=replace(HEADER, sequence='a_long_name_' * 20))
    assert np.array_equal(short[:22, 560:], long[:22, 560:])
