"""The strip above an annotated frame: sequence, frame, and whose boxes are whose and how sure."""

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
    shorten,
    text_width,
)
from mmeatrack.visualization.labelled_boxes import LabelledBox

_STRIP_COLOR: Color = (38, 32, 28)
_EMPTY_COLOR: Color = (80, 74, 70)
_FAINT_COLOR: Color = (150, 140, 135)
_WARNING_COLOR: Color = (80, 200, 250)
_ALARM_COLOR: Color = (60, 60, 235)
# Lengths in an image of 640 px width.
_ROW, _MARGIN, _GAP, _SWATCH, _BAR, _BETWEEN = 22, 8, 8, 22, 70, 18
_ABSENT = 'target absent'


@dataclass(frozen=True)
class FrameHeader:
    """What the header's first line says.

    Attributes:
        sequence: Name of the sequence.
        frame: Number of the frame, counted from 0.
        last_frame: Number of the last frame; None where it is not known.
        absent: Whether the ground truth says that the target is not to be seen.
    """

    sequence: str
    frame: int
    last_frame: Optional[int] = None
    absent: bool = False


def header_strip(
    width: int, boxes: Sequence[LabelledBox], header: FrameHeader, unit: float
) -> np.ndarray:
    """Draw the header.

    Args:
        width: Its width in px.
        boxes: The boxes of the legend, which takes as many rows as it needs.
        header: What the first line says.
        unit: Size of text and lines.

    Returns:
        (height, width, 3), uint8, BGR. The height is even and depends on the width and the labels
        alone.
    """
    row = px(_ROW, unit)
    rows = _legend_rows(boxes, width, unit)
    height = row * (1 + len(rows)) + px(6, unit)
    strip = np.full((height + height % 2, width, 3), _STRIP_COLOR, np.uint8)
    _draw_title(strip, header, round(0.6 * row), unit)
    for index, entries in enumerate(rows, start=1):
        for left, box in entries:
            _draw_entry(strip, box, left, round((index + 0.55) * row), unit)
    return strip


def _draw_title(strip: np.ndarray, header: FrameHeader, middle: int, unit: float) -> None:
    """Sequence on the left, the frame's number on the right."""
    number = f'frame {header.frame}'
    if header.last_frame is not None:
        number += f'/{header.last_frame}'
    margin = px(_MARGIN, unit)
    right = strip.shape[1] - margin - text_width(number, unit)
    draw_text(strip, number, right, middle, unit)
    if header.absent:
        right -= text_width(_ABSENT, unit) + 2 * margin
        draw_text(strip, _ABSENT, right, middle, unit, _WARNING_COLOR)
    name = shorten(header.sequence, right - 3 * margin, unit)
    draw_text(strip, name, margin, middle, unit)


def _legend_rows(
    boxes: Sequence[LabelledBox], width: int, unit: float
) -> List[List[Tuple[int, LabelledBox]]]:
    """Rows of (left border in px, box), broken where the width ends."""
    margin = px(_MARGIN, unit)
    rows: List[List[Tuple[int, LabelledBox]]] = []
    left = width
    for box in boxes:
        entry_width = _entry_width(box, unit)
        if left + entry_width > width - margin:
            rows.append([])
            left = margin
        rows[-1].append((left, box))
        left += entry_width + px(_BETWEEN, unit)
    return rows


def _entry_width(box: LabelledBox, unit: float) -> int:
    """Width of a legend's entry; it does not depend on the numbers, so that nothing jumps."""
    texts = [box.label, '0.00', 'tracked'] if box.has_score else [box.label]
    width = px(_SWATCH, unit) + sum(px(_GAP, unit) + text_width(text, unit) for text in texts)
    return width + (px(_GAP, unit) + px(_BAR, unit) if box.has_score else 0)


def _draw_entry(strip: np.ndarray, box: LabelledBox, left: int, middle: int, unit: float) -> None:
    """A piece of the box's line, its label, and where it has a score, bar, number and state."""
    gap = px(_GAP, unit)
    end = left + px(_SWATCH, unit)
    line: Rect = (left, middle - px(1, unit), end, middle + px(1, unit))
    for piece in dashes(line, 5 * unit) if box.dashed else [line]:
        fill_rect(strip, piece, box.color)
    left = end + gap
    draw_text(strip, box.label, left, middle, unit)
    if not box.has_score:
        return
    left += text_width(box.label, unit) + gap
    score = box.score if box.score is not None and box.score >= 0 else None  # NaN is not >= 0
    _draw_bar(strip, score, box.color, left, middle, unit)
    left += px(_BAR, unit) + gap
    draw_text(strip, '--' if score is None else f'{score:.2f}', left, middle, unit)
    left += text_width('0.00', unit) + gap
    if box.lost:
        _draw_alarm(strip, 'LOST', left, middle, unit)
    elif box.lost is not None:
        draw_text(strip, 'tracked', left, middle, unit, _FAINT_COLOR)


def _draw_bar(
    strip: np.ndarray, score: Optional[float], color: Color, left: int, middle: int, unit: float
) -> None:
    top, bottom = middle - px(5, unit), middle + px(5, unit)
    width = px(_BAR, unit)
    fill_rect(strip, (left, top, left + width, bottom), _EMPTY_COLOR)
    if score is not None:
        fill_rect(strip, (left, top, left + min(score, 1.0) * width, bottom), color)


def _draw_alarm(strip: np.ndarray, text: str, left: int, middle: int, unit: float) -> None:
    pad, half = px(4, unit), px(9, unit)
    right = left + text_width(text, unit) + pad
    fill_rect(strip, (left - pad, middle - half, right, middle + half), _ALARM_COLOR)
    draw_text(strip, text, left, middle, unit)
