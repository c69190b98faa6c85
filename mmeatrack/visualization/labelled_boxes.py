"""Boxes with labels on a BGR image."""

from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np

from mmeatrack.visualization.bars_and_text import (
    Color,
    Rect,
    dashes,
    draw_text,
    fill_rect,
    px,
    text_width,
)

GROUND_TRUTH_COLOR: Color = (90, 235, 120)
# Distinguishable on fields, roads and water, also with the common colour blindnesses.
TRACKER_COLORS: Tuple[Color, ...] = (
    (70, 70, 255),  # red
    (255, 200, 80),  # light blue
    (60, 225, 250),  # yellow
    (230, 110, 240),  # magenta
    (20, 140, 255),  # orange
    (245, 245, 245),  # white
)
LOST_COLOR: Color = (185, 185, 185)
_DARK: Color = (20, 20, 20)
_TAG_TEXT_SIZE = 0.38


@dataclass(frozen=True)
class LabelledBox:
    """A box to draw, and its line in the header's legend.

    Attributes:
        label: Whose box it is.
        box_xywh: x, y, w, h in px of the frame; None or NaN where there is no box.
        color: B, G, R.
        dashed: Whether the line is dashed, as for a ground truth.
        has_score: Whether the legend has a score bar; it keeps its place where ``score`` is None.
        score: Confidence, 0 to 1; None, NaN or negative where there is none.
        lost: True says LOST, at the box too, False says tracked, None says nothing.
    """

    label: str
    box_xywh: Optional[Sequence[float]]
    color: Color
    dashed: bool = False
    has_score: bool = False
    score: Optional[float] = None
    lost: Optional[bool] = None


def draw_boxes(image: np.ndarray, boxes: Sequence[LabelledBox], scale: float, unit: float) -> None:
    """Draw boxes into an image, later ones over earlier ones, and their labels beside them.

    Args:
        image: (H, W, 3), uint8, BGR; it is changed.
        boxes: The boxes; those without a finite ``box_xywh`` are passed over.
        scale: px of the image for one px of the boxes.
        unit: Size of text and lines.
    """
    drawn = [
        (box, _scaled(box.box_xywh, scale))
        for box in boxes
        if box.box_xywh is not None and np.isfinite(np.asarray(box.box_xywh, dtype=float)).all()
    ]
    # A dashed line lets the one below shine through, a full one does not.
    for box, rect in sorted(drawn, key=lambda item: item[0].dashed):
        _draw_box(image, rect, box, unit)
    _draw_tags(image, [(box, rect) for box, rect in drawn if box.label], unit)


def _scaled(box_xywh: Sequence[float], scale: float) -> Rect:
    x, y, w, h = (float(value) * scale for value in box_xywh)
    return x, y, w, h


def _draw_box(image: np.ndarray, rect: Rect, box: LabelledBox, unit: float) -> None:
    """A line around the box, with a dark rim, so that it shows on every ground."""
    # The line is outside the box, for small targets' sake.
    width = px(1.6, unit)
    x, y, w, h = rect
    left, top, right, bottom = x - width, y - width, x + w + width, y + h + width
    bars: List[Rect] = [
        (left, top, right, y),
        (left, y + h, right, bottom),
        (left, top, x, bottom),
        (x + w, top, right, bottom),
    ]
    if box.dashed:
        bars = [piece for bar in bars for piece in dashes(bar, 7 * unit)]
    for bar in bars:
        fill_rect(image, (bar[0] - 1, bar[1] - 1, bar[2] + 1, bar[3] + 1), _DARK)
    for bar in bars:
        fill_rect(image, bar, box.color)


def _draw_tags(image: np.ndarray, boxes: List[Tuple[LabelledBox, Rect]], unit: float) -> None:
    """Labels beside their boxes, over no box and no other label where there is room."""
    gap, height = px(3, unit), px(14, unit)
    taken = [rect for _, rect in boxes]
    for box, rect in boxes:
        text = f'{box.label} LOST' if box.lost else box.label
        width = text_width(text, unit, _TAG_TEXT_SIZE) + 2 * gap
        image_size = (image.shape[1], image.shape[0])
        place = _free_place(rect, (width, height), image_size, gap, taken)
        taken.append((*place, width, height))
        left, top = round(place[0]), round(place[1])
        fill_rect(image, (left, top, left + width, top + height), box.color)
        middle = top + height // 2
        draw_text(image, text, left + gap, middle, unit, _DARK, _TAG_TEXT_SIZE)


def _free_place(
    rect: Rect,
    size: Tuple[int, int],
    image_size: Tuple[int, int],
    gap: int,
    taken: Sequence[Rect],
) -> Tuple[float, float]:
    """Upper left corner of a label of ``size``: above, below, right or left of a box."""
    x, y, w, h = rect
    width, height = size
    right, bottom = image_size[0] - width, image_size[1] - height
    places = [
        (x - gap, y - gap - height),
        (x - gap, y + h + gap),
        (x + w + gap, y),
        (x - gap - width, y),
        (x - gap, y - 2 * (gap + height)),
        (x - gap, y + h + 2 * gap + height),
    ]
    inside = [(min(max(px, 0), right), min(max(py, 0), bottom)) for px, py in places]
    overlaps = [
        sum(_overlap((px, py, width, height), other) for other in taken) for px, py in inside
    ]
    return inside[overlaps.index(min(overlaps))]


def _overlap(a: Rect, b: Rect) -> float:
    """Area in px² that two rectangles share."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0)
