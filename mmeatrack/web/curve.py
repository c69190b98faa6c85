"""Score curve as an SVG drawing."""

from typing import Dict, List, Tuple

from mmeatrack.visualization.labelled_boxes import TRACKER_COLORS

_LEFT, _TOP, _WIDTH, _HEIGHT = 34, 12, 436, 170  # plot area, in units of the drawing
# A dark background in both themes, as the box colours include white. The page's style sheet sets
# the text colour of every element, so that none is inherited.
_TEXT = '#d5d9e0'
_STYLE = 'margin:0;padding:8px;border-radius:8px;background:#1f2430;font-size:12px'


def score_curve(scores: Dict[int, List[Tuple[int, float]]], last: int) -> str:
    """Return HTML that plots each target's scores by frame in the colour of its box.

    ``scores`` has frame and score, 0 to 1, by the target's id; ``last`` is the clip's last frame.
    """
    last = max(last, 1)
    lines, legend = '', ''
    for key, rows in sorted(scores.items()):
        blue, green, red = TRACKER_COLORS[(key - 1) % len(TRACKER_COLORS)]
        color = f'#{red:02x}{green:02x}{blue:02x}'
        points = ' '.join(f'{_x(number, last):g},{_y(score):g}' for number, score in rows)
        lines += (
            f'<polyline fill="none" stroke="{color}" stroke-width="2" stroke-linejoin="round" '
            f'points="{points}"/>'
        )
        legend += f' <span style="color:{color};white-space:nowrap">&#9632; target {key}</span>'
    names = ', '.join(f'target {key}' for key in sorted(scores)) or 'no target yet'
    size = f'{_LEFT + _WIDTH + 10} {_TOP + _HEIGHT + 38}'
    return (
        f'<figure style="{_STYLE}">'
        f'<svg role="img" aria-label="Score by frame: {names}" viewBox="0 0 {size}" '
        f'style="width:100%;display:block" font-size="12" fill="{_TEXT}">'
        f'{_axes(last)}{lines}</svg>'
        f'<figcaption style="color:{_TEXT}">Score{legend}</figcaption></figure>'
    )


def _axes(last: int) -> str:
    axes = ''.join(
        f'<path d="M{_LEFT} {_y(score)}h{_WIDTH}" stroke="{_TEXT}" stroke-opacity="0.25"/>'
        f'<text x="{_LEFT - 6}" y="{_y(score) + 4}" text-anchor="end">{score:g}</text>'
        for score in (0, 0.5, 1)
    )
    ticks = {round(last * quarter / 4) for quarter in range(5)}
    below = [(_x(number, last), 16, str(number)) for number in sorted(ticks)]
    for x, dy, text in (*below, (_LEFT + _WIDTH / 2, 32, 'frame')):
        axes += f'<text x="{x}" y="{_TOP + _HEIGHT + dy}" text-anchor="middle">{text}</text>'
    return axes


def _x(number: int, last: int) -> float:
    return round(_LEFT + _WIDTH * number / last, 1)


def _y(score: float) -> float:
    return round(_TOP + _HEIGHT * (1 - min(max(score, 0.0), 1.0)), 1)
