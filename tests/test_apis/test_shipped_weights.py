"""The trackers that come with the package."""

from typing import Any, Callable

import cv2
import numpy as np
import pytest

from mmeatrack.apis import load_tracker, track_frames
from mmeatrack.conversion.published import WEIGHTS, shipped_trackers

NAMES = ['eatrack_nano', 'eatrack_pico']


def test_they_are_small_have_cards_and_are_known_by_name() -> None:
    assert shipped_trackers() == NAMES
    for name in NAMES:
        assert (WEIGHTS / f'{name}.safetensors').stat().st_size < 3_000_000
        assert 'licence' in (WEIGHTS / f'{name}.md').read_text(encoding='utf-8')


def grey_haze(frame: np.ndarray) -> np.ndarray:
    """Without colour, at a quarter of the contrast."""
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    return cv2.cvtColor((grey * 0.25 + 110).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def distant(frame: np.ndarray) -> np.ndarray:
    """A quarter of the size: the target has 6 x 10 px."""
    return cv2.resize(frame, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)


@pytest.fixture(scope='module', params=NAMES)
def tracker(request: pytest.FixtureRequest) -> Any:
    return load_tracker(request.param, device='cpu')


@pytest.mark.parametrize(('seen', 'scale'), [(np.asarray, 1.0), (grey_haze, 1.0), (distant, 0.25)])
def test_it_follows_a_target_that_moves_over_noise(
    tracker: Any, seen: Callable[[np.ndarray], np.ndarray], scale: float
) -> None:
    rng = np.random.default_rng(0)
    ground = rng.integers(70, 110, (200, 300, 3), dtype=np.uint8)
    frames, truth = [], []
    for step in range(7):
        frame, x, y = ground.copy(), 60 + 7 * step, 80 + 4 * step
        frame[y : y + 40, x : x + 24] = (20, 20, 90)
        frame[y : y + 12, x : x + 24] = (230, 230, 230)
        frames.append(seen(frame))
        truth.append((x + 12, y + 20))
    box = [scale * value for value in (60, 80, 24, 40)]
    results = list(track_frames(tracker, frames, box))
    x, y, w, h = (value / scale for value in results[-1].box_xywh)
    assert (x + w / 2, y + h / 2) == pytest.approx(truth[-1], abs=6)
    assert w * h == pytest.approx(24 * 40, rel=0.35)
