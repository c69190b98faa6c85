"""Annotated frame: boxes, below a header with their labels and scores."""

from dataclasses import dataclass, replace
from typing import List, Optional, Sequence, Tuple

import numpy as np

from mmeatrack.visualization.canvas import Canvas, Color, Rect, dashes
from mmeatrack.visualization.labelled_boxes import LabelledBox, draw_boxes

_STRIP_COLOR: Color = (38, 32, 28)
_EMPTY_COLOR: Color = (80, 74, 70)
_FAINT_COLOR: Color = (150, 140, 135)
_WARNING_COLOR: Color = (80, 200, 250)
_ALARM_COLOR: Color = (60, 60, 235)
# Lengths for an image 640 px wide.
_ROW, _MARGIN, _GAP, _SWATCH, _BAR, _BETWEEN = 22, 8, 8, 22, 70, 18
_ABSENT = 'target absent'
# Rows of the legend: left edge in px and box of each entry.
_Legend = List[List[Tuple[int, LabelledBox]]]


@dataclass(frozen=True)
class FrameHeader:
    """First line of the header.

    Attributes:
        sequence: Name of the sequence.
        frame: Number of the frame, counted from 0.
        last_frame: Number of the last frame; None if unknown.
        absent: Whether the ground truth says that the target is absent.
    """

    sequence: str
    frame: int
    last_frame: Optional[int] = None
    absent: bool = False


def draw_frame(
    frame: np.ndarray,
    boxes: Sequence[LabelledBox],
    header: FrameHeader,
    ground_truth: Optional[Sequence[float]] = None,
) -> np.ndarray:
    """Draw boxes into a copy of a frame, and the header above it.

    Frames of one size with the same labels give images of one size, at least 640 px wide: smaller
    frames are enlarged. Later boxes are drawn over earlier ones, and dashed boxes over solid ones.

    Args:
        frame: (H, W, 3), uint8, BGR.
        boxes: Boxes in px of ``frame``.
        header: First line of the header.
        ground_truth: Box x, y, w, h in px of ``frame``, NaN where the target is absent, which the
            header then says; None without ground truth.

    Returns:
        (H', W', 3), uint8, BGR; H' and W' are even, as video codecs require.

    Raises:
        ValueError: If the frame has another shape or type.
    """
    if ground_truth is not None:
        boxes = [LabelledBox.of_ground_truth(ground_truth), *boxes]
        header = replace(header, absent=not np.isfinite(ground_truth).all())
    canvas = Canvas.of_frame(frame)
    draw_boxes(canvas, boxes)
    return np.vstack((draw_header(canvas, boxes, header).image, canvas.image))


def draw_header(below: Canvas, boxes: Sequence[LabelledBox], header: FrameHeader) -> Canvas:
    """Draw the header of a frame: as wide as ``below``, even height from width and labels only."""
    legend = _arrange_legend(below, boxes)
    row = below.px(_ROW)
    height = row * (1 + len(legend)) + below.px(6)
    strip = Canvas.blank(below.width, height + height % 2, _STRIP_COLOR)
    _draw_title(strip, header, round(0.6 * row))
    for index, entries in enumerate(legend, start=1):
        for left, box in entries:
            _draw_entry(strip, box, left, round((index + 0.55) * row))
    return strip


def _draw_title(strip: Canvas, header: FrameHeader, middle: int) -> None:
    """Draw the sequence name on the left, the frame number on the right."""
    number = f'frame {header.frame}'
    if header.last_frame is not None:
        number += f'/{header.last_frame}'
    margin = strip.px(_MARGIN)
    right = strip.width - margin - strip.text_width(number)
    strip.text(number, right, middle)
    if header.absent:
        right -= strip.text_width(_ABSENT) + 2 * margin
        strip.text(_ABSENT, right, middle, _WARNING_COLOR)
    strip.text(strip.shorten(header.sequence, right - 3 * margin), margin, middle)


def _arrange_legend(canvas: Canvas, boxes: Sequence[LabelledBox]) -> _Legend:
    """Arrange the entries in rows that fit the width."""
    margin = canvas.px(_MARGIN)
    rows: _Legend = []
    left = canvas.width
    for box in boxes:
        entry_width = _entry_width(canvas, box)
        if left + entry_width > canvas.width - margin:
            rows.append([])
            left = margin
        rows[-1].append((left, box))
        left += entry_width + canvas.px(_BETWEEN)
    return rows


def _entry_width(canvas: Canvas, box: LabelledBox) -> int:
    """Width of a legend entry; independent of the score, so that entries do not move."""
    texts = [box.label] if box.score is None else [box.label, '0.00', 'tracked']
    gap = canvas.px(_GAP)
    width = canvas.px(_SWATCH) + sum(gap + canvas.text_width(text) for text in texts)
    return width if box.score is None else width + gap + canvas.px(_BAR)


def _draw_entry(strip: Canvas, box: LabelledBox, left: int, middle: int) -> None:
    """Draw line sample, label and, for a box with a score, bar, number and state."""
    gap = strip.px(_GAP)
    end = left + strip.px(_SWATCH)
    line: Rect = (left, middle - strip.px(1), end, middle + strip.px(1))
    for piece in dashes(line, 5 * strip.unit) if box.dashed else [line]:
        strip.fill(piece, box.color)
    left = end + gap
    strip.text(box.label, left, middle)
    if box.score is None:
        return
    left += strip.text_width(box.label) + gap
    score = box.score if box.score >= 0 else None  # also for NaN
    top, bottom, width = middle - strip.px(5), middle + strip.px(5), strip.px(_BAR)
    strip.fill((left, top, left + width, bottom), _EMPTY_COLOR)
    if score is not None:
        strip.fill((left, top, left + min(score, 1.0) * width, bottom), box.color)
    left += width + gap
    strip.text('--' if score is None else f'{score:.2f}', left, middle)
    left += strip.text_width('0.00') + gap
    if box.lost:
        pad, half = strip.px(4), strip.px(9)
        right = left + strip.text_width('LOST') + pad
        strip.fill((left - pad, middle - half, right, middle + half), _ALARM_COLOR)
        strip.text('LOST', left, middle)
    elif box.lost is not None:
        strip.text('tracked', left, middle, _FAINT_COLOR)
