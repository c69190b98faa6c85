"""Search window around the last box, and updates of the state."""

import math
from types import SimpleNamespace
from typing import Optional

import pytest
import torch

from mmeatrack.structures import CropWindow
from mmeatrack.tracking import LostDetector, advance
from mmeatrack.tracking.state import TrackerState, search_window, smooth_size
from tests.toys import build, follow, tracker_cfg, video

# Keys of test_cfg that `advance` reads, without any smoothing.
SETTINGS = dict(size_smoothing=0.0, size_prior=0.0, compat=None, margin=0.0)


def state(lost: bool) -> TrackerState:
    """The last box at (100, 80) is 20 x 20, the last sure one 10 x 40."""
    detector = LostDetector(patience=1)
    detector.update(0.0 if lost else 1.0)
    tokens = torch.zeros(1, 4, 2)
    return TrackerState(
        template=tokens,
        first_box=(50.0, 50.0, 8.0, 8.0),
        image_size=(999, 999),
        box=(100.0, 80.0, 20.0, 20.0),
        sure_box=(60.0, 60.0, 10.0, 40.0),
        active_template=tokens,
        template_token=tokens[:, 0],
        lost_detector=detector,
    )


@pytest.mark.parametrize(
    ('lost', 'lost_search_factor', 'expected'),
    [
        # 4 x sqrt(20 x 20) = 80 px around (100, 80).
        (False, None, CropWindow(60, 40, 80)),
        (False, 8.0, CropWindow(60, 40, 80)),
        (True, None, CropWindow(60, 40, 80)),
        # 5 x sqrt(10 x 40) = 100 px around the same point.
        (True, 5.0, CropWindow(50, 30, 100)),
    ],
)
def test_window(lost: bool, lost_search_factor: Optional[float], expected: CropWindow) -> None:
    settings = dict(search_factor=4.0, lost_search_factor=lost_search_factor, compat=None)
    assert search_window(state(lost), settings) == expected


@pytest.mark.parametrize(
    ('lost_search_factor', 'compat', 'expected'),
    [
        # 4 x 3 x sqrt(10 x 40): three times the window around the last sure box.
        (None, None, 240),
        (5.0, None, 100),
        # 4 x sqrt(3840 x 2160): the box fills the image.
        (None, 'ostrack', 11520),
    ],
)
def test_window_of_a_lost_target_is_bounded(
    lost_search_factor: Optional[float], compat: Optional[str], expected: int
) -> None:
    settings = dict(
        SETTINGS,
        search_factor=4.0,
        lost_search_factor=lost_search_factor,
        compat=compat,
        margin=10.0,
    )
    target = state(lost=True)
    target.image_size = 3840, 2160
    sizes = []
    for _ in range(30):
        x, y, w, h = target.box
        advance(target, (x, y, 1.5 * w, 1.5 * h), (0.0, 0.0, 1.0), settings)
        sizes.append(search_window(target, settings).size)
    assert max(sizes) == pytest.approx(expected, abs=1)  # a side is rounded up
    # A sure one as large as the image bounds it by the image.
    target.sure_box = target.box
    most = (lost_search_factor or 4.0) * (3840 * 2160) ** 0.5
    assert search_window(target, settings).size <= math.ceil(most) + 1


@pytest.mark.parametrize('at', range(7))
def test_non_finite_results_are_refused(at: int) -> None:
    """Clipping would turn NaN into a box in the corner, and a score of NaN never counts as lost."""
    values = [100.0, 80.0, 20.0, 20.0, 0.9, 0.1, 0.8]
    values[at] = math.nan
    target = state(lost=False)
    with pytest.raises(RuntimeError, match='not finite: its weights are damaged, or half'):
        advance(target, tuple(values[:4]), values[4:], SETTINGS)
    assert target.box == (100.0, 80.0, 20.0, 20.0)


def test_size_is_pulled_towards_that_of_the_given_box() -> None:
    """Boxes of 32 x 2 px at a given box of 8 x 8: half of the way, then a quarter of it back."""
    settings = dict(SETTINGS, size_smoothing=0.5, size_prior=0.25)
    target = state(lost=False)
    target.box = (100.0, 80.0, 8.0, 8.0)
    advance(target, (100.0, 80.0, 32.0, 2.0), (0.9, 0.0, 1.0), settings)
    # 2^(3 + 2 / 2) and 2^(3 - 2 / 2), then 3 / 4 of that exponent's distance from 3.
    assert target.box == pytest.approx((100.0, 80.0, 2**3.75, 2**2.25))


def test_the_sure_box_follows_found_targets_only() -> None:
    tracker = build(
        tracker_cfg(lost_detector=dict(lost_below=0.2, found_above=0.5), test_cfg=dict(margin=1.0))
    ).eval()
    frames = video(5)
    follow(tracker, frames[:1])
    assert tracker.state.sure_box == tracker.state.first_box
    scores = iter([0.6, 0.4, 0.1, 0.5])
    tracker.state.confidence = SimpleNamespace(update=lambda cues: next(scores))
    sure, boxes = [], []
    for i in range(1, 5):
        follow(tracker, frames[i : i + 1], first_frame=i)
        sure.append(tracker.state.sure_box)
        boxes.append(tracker.state.box)
    assert len(set(boxes)) == 4
    assert sure == [boxes[0], boxes[0], boxes[0], boxes[3]]


def test_size_is_smoothed_on_a_logarithmic_scale() -> None:
    smoothed = smooth_size((5.0, 6.0, 40.0, 9.0), (1.0, 2.0, 10.0, 9.0), 0.5)
    assert smoothed == pytest.approx((5.0, 6.0, 20.0, 9.0))
    assert smooth_size((5.0, 6.0, 40.0, 9.0), (1.0, 2.0, 10.0, 9.0), 0.0) == (5.0, 6.0, 40.0, 9.0)


def test_size_smoothing_above_1_is_refused() -> None:
    with pytest.raises(ValueError, match=r'size_smoothing=1\.5 must lie between 0 and 1'):
        build(tracker_cfg(test_cfg=dict(size_smoothing=1.5)))
