"""Boxes with labels on a canvas."""

from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np

from mmeatrack.visualization.canvas import Canvas, Color, Rect, dashes

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
        label: Name of the box's owner.
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

    @classmethod
    def of_ground_truth(cls, box_xywh: Optional[Sequence[float]]) -> 'LabelledBox':
        """A ground truth's box in the style of all pictures."""
        return cls('ground truth', box_xywh, GROUND_TRUTH_COLOR, dashed=True)

    @classmethod
    def of_tracker(
        cls,
        label: str,
        index: int,
        box_xywh: Optional[Sequence[float]],
        score: Optional[float] = None,
        lost: Optional[bool] = None,
    ) -> 'LabelledBox':
        """A tracker's box in the style of all pictures: grey and dashed while it is lost.

        Args:
            label: The tracker's name.
            index: Its place among the trackers, which selects its colour.
            box_xywh: x, y, w, h in px of the frame.
            score: Its confidence, 0 to 1; negative or NaN in frames where it was given the box;
                None if it has no scores at all.
            lost: Whether the target is lost; None if unknown.
        """
        return cls(
            label,
            box_xywh,
            LOST_COLOR if lost else TRACKER_COLORS[index % len(TRACKER_COLORS)],
            dashed=bool(lost),
            has_score=score is not None,
            score=score,
            lost=lost,
        )


def draw_boxes(canvas: Canvas, boxes: Sequence[LabelledBox]) -> None:
    """Draw boxes, later ones over earlier ones, and their labels beside them.

    Boxes without a finite ``box_xywh`` are passed over.
    """
    drawn = [
        (box, _rect_on(canvas, box.box_xywh))
        for box in boxes
        if box.box_xywh is not None and np.isfinite(np.asarray(box.box_xywh, dtype=float)).all()
    ]
    # A dashed line lets the one below shine through, a solid one does not.
    for box, rect in sorted(drawn, key=lambda item: item[0].dashed):
        _draw_outline(canvas, rect, box)
    _draw_tags(canvas, [(box, rect) for box, rect in drawn if box.label])


def _rect_on(canvas: Canvas, box_xywh: Sequence[float]) -> Rect:
    x, y, w, h = (float(value) * canvas.scale for value in box_xywh)
    return x, y, x + w, y + h


def _draw_outline(canvas: Canvas, rect: Rect, box: LabelledBox) -> None:
    """A line around the box, with a dark rim, so that it shows on every ground."""
    # The line lies outside the box: it must not hide a small target.
    width = canvas.px(1.6)
    x1, y1, x2, y2 = rect
    left, top, right, bottom = x1 - width, y1 - width, x2 + width, y2 + width
    bars: List[Rect] = [
        (left, top, right, y1),
        (left, y2, right, bottom),
        (left, top, x1, bottom),
        (x2, top, right, bottom),
    ]
    if box.dashed:
        bars = [piece for bar in bars for piece in dashes(bar, 7 * canvas.unit)]
    for bar in bars:
        canvas.fill((bar[0] - 1, bar[1] - 1, bar[2] + 1, bar[3] + 1), _DARK)
    for bar in bars:
        canvas.fill(bar, box.color)


def _draw_tags(canvas: Canvas, boxes: List[Tuple[LabelledBox, Rect]]) -> None:
    """Labels beside their boxes, over no box and no other label where there is room."""
    gap, height = canvas.px(3), canvas.px(14)
    taken = [rect for _, rect in boxes]
    for box, rect in boxes:
        text = f'{box.label} LOST' if box.lost else box.label
        width = canvas.text_width(text, _TAG_TEXT_SIZE) + 2 * gap
        x, y = _free_place(canvas, rect, (width, height), taken)
        taken.append((x, y, x + width, y + height))
        left, top = round(x), round(y)
        canvas.fill((left, top, left + width, top + height), box.color)
        canvas.text(text, left + gap, top + height // 2, _DARK, _TAG_TEXT_SIZE)


def _free_place(
    canvas: Canvas, rect: Rect, size: Tuple[int, int], taken: Sequence[Rect]
) -> Tuple[float, float]:
    """Upper left corner of a label of ``size``: above, below, right or left of a box."""
    x1, y1, x2, y2 = rect
    width, height = size
    gap = canvas.px(3)
    right, bottom = canvas.width - width, canvas.height - height
    places = [
        (x1 - gap, y1 - gap - height),
        (x1 - gap, y2 + gap),
        (x2 + gap, y1),
        (x1 - gap - width, y1),
        (x1 - gap, y1 - 2 * (gap + height)),
        (x1 - gap, y2 + 2 * gap + height),
    ]
    inside = [(min(max(x, 0), right), min(max(y, 0), bottom)) for x, y in places]
    overlaps = [
        sum(_overlap((x, y, x + width, y + height), other) for other in taken) for x, y in inside
    ]
    return inside[overlaps.index(min(overlaps))]


def _overlap(a: Rect, b: Rect) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0)
