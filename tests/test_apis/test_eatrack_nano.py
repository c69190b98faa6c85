"""The tracker that comes with the package."""

import numpy as np
import pytest

from mmeatrack.apis import load_tracker, track_frames
from mmeatrack.apis.shipped import WEIGHTS, shipped_trackers


def test_it_is_small_has_a_card_and_is_known_by_name() -> None:
    assert shipped_trackers() == ['eatrack_nano']
    assert (WEIGHTS / 'eatrack_nano.safetensors').stat().st_size < 3_000_000
    assert 'licence' in (WEIGHTS / 'eatrack_nano.md').read_text(encoding='utf-8')


def test_it_follows_a_target_that_moves_over_noise() -> None:
    rng = np.random.default_rng(0)
    ground = rng.integers(70, 110, (200, 300, 3), dtype=np.uint8)
    frames, truth = [], []
    for step in range(12):
        frame, x, y = ground.copy(), 60 + 4 * step, 80 + 2 * step
        frame[y : y + 40, x : x + 24] = (40, 60, 210)
        frame[y : y + 12, x : x + 24] = (230, 230, 230)
        frames.append(frame)
        truth.append((x + 12, y + 20))
    results = list(
        track_frames(load_tracker('eatrack_nano', device='cpu'), frames, (60, 80, 24, 40))
    )
    x, y, w, h = results[-1].box_xywh
    assert (x + w / 2, y + h / 2) == pytest.approx(truth[-1], abs=6)
    assert w * h == pytest.approx(24 * 40, rel=0.35)
