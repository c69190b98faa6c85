"""Score curve as an SVG drawing."""

from typing import Dict, List, Tuple

from mmeatrack.visualization.labelled_boxes import TRACKER_COLORS

_LEFT, _TOP, _WIDTH, _HEIGHT = 34, 12, 436, 170  # plot area, in units of the drawing
# A dark ground in both themes: the boxes' colours are chosen for pictures, and white is one. The
# page's style sheet sets every element's text colour, so none is inherited.
_TEXT = '#d5d9e0'
_STYLE = 'margin:0;padding:8px;border-radius:8px;background:#1f2430;font-size:12px'


def score_curve(scores: Dict[int, List[Tuple[int, float]]], last: int) -> str:
    """Scores of all targets by frame, one line each in the colour of its box.

    Args:
        scores: Frame and score, 0 to 1, by the target's id.
        last: Number of the clip's last frame, where the axis ends.

    Returns:
        HTML.
    """
    last = max(last, 1)
    ids = sorted(scores)
    names = ', '.join(f'target {key}' for key in ids) or 'no target yet'
    lines = ''.join(
        f'<polyline fill="none" stroke="{_color(key)}" stroke-width="2" stroke-linejoin="round" '
        f'points="{_points(scores[key], last)}"/>'
        for key in ids
    )
    legend = ' '.join(
        f'<span style="color:{_color(key)};white-space:nowrap">&#9632; target {key}</span>'
        for key in ids
    )
    size = f'{_LEFT + _WIDTH + 10} {_TOP + _HEIGHT + 38}'
    return (
        f'<figure style="{_STYLE}">'
        f'<svg role="img" aria-label="Score by frame: {names}" viewBox="0 0 {size}" '
        f'style="width:100%;display:block" font-size="12" fill="{_TEXT}">'
        f'{_axes(last)}{lines}</svg>'
        f'<figcaption style="color:{_TEXT}">Score {legend}</figcaption></figure>'
    )


def _axes(last: int) -> str:
    parts = []
    for score in (0, 0.5, 1):
        y = _y(score)
        parts.append(
            f'<path d="M{_LEFT} {y}h{_WIDTH}" stroke="{_TEXT}" stroke-opacity="0.25"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{score:g}</text>'
        )
    bottom = _TOP + _HEIGHT + 16
    for number in sorted({round(last * quarter / 4) for quarter in range(5)}):
        x = _x(number, last)
        parts.append(f'<text x="{x}" y="{bottom}" text-anchor="middle">{number}</text>')
    middle = _LEFT + _WIDTH / 2
    parts.append(f'<text x="{middle}" y="{bottom + 16}" text-anchor="middle">frame</text>')
    return ''.join(parts)


def _points(rows: List[Tuple[int, float]], last: int) -> str:
    return ' '.join(f'{_x(number, last):g},{_y(score):g}' for number, score in rows)


def _x(number: int, last: int) -> float:
    return round(_LEFT + _WIDTH * number / last, 1)


def _y(score: float) -> float:
    return round(_TOP + _HEIGHT * (1 - min(max(score, 0.0), 1.0)), 1)


def _color(key: int) -> str:
    blue, green, red = TRACKER_COLORS[(key - 1) % len(TRACKER_COLORS)]
    return f'#{red:02x}{green:02x}{blue:02x}'
