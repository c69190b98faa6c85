"""Sampling with a limit to the age of the first template."""

import random

import numpy as np
import pytest

from mmeatrack.datasets import NearSampling
from mmeatrack.registry import TRANSFORMS


def sampling(max_template_range: int = 15, max_frame_range: int = 8) -> NearSampling:
    built = TRANSFORMS.build(
        dict(
            type='mmeatrack.NearSampling',
            max_template_range=max_template_range,
            num_search_frames=1,
            num_template_frames=2,
            max_frame_range=[max_frame_range],
        )
    )
    built.is_video_data = True
    return built


def draws(built: NearSampling, visibility: np.ndarray, count: int = 2000) -> np.ndarray:
    random.seed(0)
    return np.array([built.sampling_frames(visibility) for _ in range(count)])


def test_frames_lie_in_range_and_in_order() -> None:
    visible = np.ones(60, bool)
    first, second, search = draws(sampling(), visible).T
    assert np.abs(first - search).max() == 15
    assert np.abs(second - search).max() == 8
    # The second template lies on the first one's side, and not beyond it unless both are one frame.
    differ = first != search
    assert np.all((np.sign(second - search) * np.sign(first - search))[differ] >= 0)
    assert np.all((np.abs(second - search) <= np.abs(first - search))[differ])
    # All of the video is drawn, its ends too.
    assert set(search) == set(range(60))
    assert {first.min(), first.max()} == {0, 59}
    assert 0.4 < np.mean(first < search) < 0.6


def test_hidden_frames_are_not_drawn() -> None:
    visible = np.arange(60) % 10 == 3
    frames = draws(sampling(5, 5), visible, 200)
    assert set(frames.ravel()) == set(np.flatnonzero(visible))
    # Neighbours are 10 frames apart: all three are one.
    assert np.all(frames == frames[:, :1])


def test_still_images_are_sampled_as_by_mmtrack() -> None:
    built = sampling()
    built.is_video_data = False
    assert built.sampling_frames(np.ones(1, bool)) == [0, 0, 0]


def test_no_range_is_refused() -> None:
    with pytest.raises(ValueError, match='max_template_range=0 must be at least 1'):
        sampling(0)
