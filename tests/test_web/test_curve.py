"""Score curve: lines, colours and axes."""

import xml.etree.ElementTree as ElementTree
from typing import List

from mmeatrack.web.curve import score_curve


def tags(curve: str, name: str) -> List[ElementTree.Element]:
    return list(ElementTree.fromstring(curve).iter(name))


def test_each_target_has_a_line_in_the_colour_of_its_box() -> None:
    curve = score_curve({2: [(5, 0.5), (10, 1.2)], 1: [(0, 0.0), (10, 1.0)]}, 10)
    lines = tags(curve, 'polyline')
    assert [line.get('points') for line in lines] == ['34,182 470,12', '252,97 470,12']
    assert [line.get('stroke') for line in lines] == ['#ff4646', '#50c8ff']
    assert [span.text for span in tags(curve, 'span')] == ['■ target 1', '■ target 2']
    assert tags(curve, 'svg')[0].get('aria-label') == 'Score by frame: target 1, target 2'


def test_axes_run_from_0_to_1_and_to_the_last_frame() -> None:
    ticks = [text.text for text in tags(score_curve({7: []}, 23), 'text')]
    assert ticks == ['0', '0.5', '1', '0', '6', '12', '17', '23', 'frame']
    empty = score_curve({}, 0)
    assert tags(empty, 'polyline') == []
    assert [text.text for text in tags(empty, 'text')][3:] == ['0', '1', 'frame']
