"""Labelled boxes on a canvas."""

from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np

from mmeatrack.visualization.canvas import Canvas, Color, Rect, dashes

GROUND_TRUTH_COLOR: Color = (90, 235, 120)
# Distinguishable on fields, roads and water, and with common colour blindness.
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
    """Box to draw, and its entry in the header's legend.

    Attributes:
        label: Name of the tracker, or 'ground truth'.
        box_xywh: x, y, w, h in px of the frame; None or NaN for no box.
        color: B, G, R.
        dashed: Whether the line is dashed.
        score: Confidence, 0 to 1, the bar in the legend; negative or NaN for an empty bar, None for
            no bar, as of a tracker without scores.
        lost: True shows LOST in the legend and at the box, False shows tracked, None no state.
    """

    label: str
    box_xywh: Optional[Sequence[float]]
    color: Color
    dashed: bool = False
    score: Optional[float] = None
    lost: Optional[bool] = None

    @classmethod
    def of_ground_truth(cls, box_xywh: Optional[Sequence[float]]) -> 'LabelledBox':
        """Ground truth box, dashed."""
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
        """Tracker box in the colour of the tracker's index; grey and dashed while ``lost``."""
        color = LOST_COLOR if lost else TRACKER_COLORS[index % len(TRACKER_COLORS)]
        return cls(label, box_xywh, color, bool(lost), score, lost)


def draw_boxes(canvas: Canvas, boxes: Sequence[LabelledBox]) -> None:
    """Draw the boxes with a finite ``box_xywh``, later ones over earlier ones, and their labels."""
    drawn: List[Tuple[LabelledBox, Rect]] = []
    for box in boxes:
        if box.box_xywh is not None and np.isfinite(np.asarray(box.box_xywh, dtype=float)).all():
            x, y, w, h = (float(value) * canvas.scale for value in box.box_xywh)
            drawn.append((box, (x, y, x + w, y + h)))
    # A dashed line lets the one below shine through, a solid one does not.
    for box, rect in sorted(drawn, key=lambda item: item[0].dashed):
        _draw_outline(canvas, rect, box)
    _draw_tags(canvas, [(box, rect) for box, rect in drawn if box.label])


def _draw_outline(canvas: Canvas, rect: Rect, box: LabelledBox) -> None:
    """Draw a line with a dark rim outside the box, which leaves small targets visible."""
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
    """Draw the labels next to their boxes, clear of other boxes and labels if there is room."""
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
    """Upper left corner of a label with this ``size``: above, below, right or left of the box."""
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
