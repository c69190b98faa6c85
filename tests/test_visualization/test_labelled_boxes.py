from dataclasses import replace

import numpy as np
import pytest

from mmeatrack.visualization.canvas import Canvas
from mmeatrack.visualization.labelled_boxes import (
    GROUND_TRUTH_COLOR,
    LOST_COLOR,
    TRACKER_COLORS,
    LabelledBox,
    draw_boxes,
)

RED, GREEN = (0, 0, 255), (0, 255, 0)


def drawn(*boxes: LabelledBox, scale: float = 1, size: tuple = (200, 640)) -> np.ndarray:
    image = np.full((*size, 3), 128, np.uint8)
    draw_boxes(Canvas(image, scale), boxes)
    return image


def where(image: np.ndarray, color: tuple) -> tuple:
    """First and last row and column of the px of a color."""
    rows, columns = (image == color).all(axis=2).nonzero()
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_line_runs_around_the_box_and_leaves_its_inside():
    image = drawn(LabelledBox('', (100, 50, 40, 30), RED))
    # The box covers columns 100..139 and rows 50..79; the line is the two px outside.
    assert where(image, RED) == (48, 81, 98, 141)
    assert (image[51:79, 101:139] == 128).all()
    assert (image[65, 97] < 128).all()  # the dark rim


def test_boxes_are_scaled():
    image = drawn(LabelledBox('', (50, 25, 20, 15), RED), scale=2)
    assert where(image, RED) == (48, 81, 98, 141)


@pytest.mark.parametrize(
    'nothing', [None, (np.nan,) * 4, (10, 10, np.inf, 10), (10, 10, np.nan, 5)]
)
def test_box_without_numbers_is_not_drawn(nothing):
    assert (drawn(LabelledBox('target', nothing, RED)) == 128).all()


def test_visible_part_of_a_box_is_drawn():
    image = drawn(LabelledBox('', (-20, 150, 60, 1e7), RED))
    assert where(image, RED)[0] == 148
    assert where(image, RED)[1] == 199
    assert where(image, RED)[3] == 41


def test_dashed_box_shows_what_lies_below():
    box = (100, 50, 60, 40)
    image = drawn(LabelledBox('', box, GREEN, dashed=True), LabelledBox('', box, RED))
    green = (image == GREEN).all(axis=2).sum()
    red = (image == RED).all(axis=2).sum()
    assert green > 50
    assert red > 30


def test_label_is_next_to_its_box_in_its_color():
    image = drawn(LabelledBox('target', (100, 80, 40, 30), RED))
    # The tag: 14 px high, 3 px above the box and left of it, with 3 px around the text.
    assert (image[63:77, 97:100] == RED).all()
    assert (image[62, 90:160] == 128).all()
    assert ((image[63:77, 100:130] != RED).any(axis=2)).sum() > 40  # the text
    assert (image[84:106, 104:136] == 128).all()


@pytest.mark.parametrize(
    'box', [(0, 0, 20, 20), (620, 0, 20, 20), (0, 180, 20, 20), (620, 180, 20, 20)]
)
def test_label_of_a_box_in_a_corner_is_whole(box):
    image = drawn(LabelledBox('target', box, RED))
    free = drawn(LabelledBox('target', (150, 100, 20, 20), RED))
    line = 4 * 2 * 22
    in_corner = (image == RED).all(axis=2).sum()
    in_middle = (free == RED).all(axis=2).sum()
    assert in_middle - line <= in_corner <= in_middle


def test_labels_of_close_boxes_do_not_cover_each_other_or_the_boxes():
    boxes = [
        LabelledBox('ground truth', (100, 80, 20, 20), GREEN),
        LabelledBox('ground truth', (106, 87, 20, 20), RED),
    ]
    alone = (drawn(boxes[0]) == GREEN).all(axis=2).sum()
    both = drawn(*boxes)
    # Green loses px only where red lines with their rims, 4 px wide, cross its lines of 2 px.
    assert (both == GREEN).all(axis=2).sum() == alone - 2 * 2 * 4
    assert (both[90:99, 109:119] == 128).all()


def test_colors_differ():
    colors = [GROUND_TRUTH_COLOR, *TRACKER_COLORS]
    distances = [np.abs(np.subtract(a, b)).sum() for i, a in enumerate(colors) for b in colors[:i]]
    assert min(distances) > 100


def test_lost_target_is_labelled_at_its_box():
    box = LabelledBox('EATrack', (100, 100, 30, 20), LOST_COLOR)
    columns = [
        (drawn(replace(box, lost=lost))[:95] == LOST_COLOR).all(axis=2).any(axis=0).sum()
        for lost in (None, False, True)
    ]
    canvas = Canvas(np.zeros((2, 640, 3), np.uint8))
    words = [canvas.text_width(text, 0.38) for text in ('EATrack', 'EATrack', 'EATrack LOST')]
    assert columns == [width + 6 for width in words]  # a margin of 3 px on each side


def test_boxes_have_color_score_and_state():
    assert LabelledBox.of_ground_truth((1, 2, 3, 4)) == LabelledBox(
        'ground truth', (1, 2, 3, 4), GROUND_TRUTH_COLOR, dashed=True
    )
    assert LabelledBox.of_tracker('A', 0, (1, 2, 3, 4)) == LabelledBox(
        'A', (1, 2, 3, 4), TRACKER_COLORS[0]
    )
    for lost, color in ((None, TRACKER_COLORS[1]), (False, TRACKER_COLORS[1]), (True, LOST_COLOR)):
        box = LabelledBox.of_tracker('B', 1, (1, 2, 3, 4), 0.2, lost)
        assert box == LabelledBox(
            'B', (1, 2, 3, 4), color, dashed=lost is True, score=0.2, lost=lost
        )
    assert LabelledBox.of_tracker('A', len(TRACKER_COLORS), None).color == TRACKER_COLORS[0]
