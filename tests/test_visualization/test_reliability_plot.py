import cv2
import numpy as np
import pytest

from mmeatrack.evaluation.calibration import reliability
from mmeatrack.visualization.reliability_plot import plot_reliability


def test_picture_shows_every_kind_of_score(tmp_path) -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(500)
    bins = reliability(scores, rng.random(500) < scores)
    plot_reliability({'one': bins}, tmp_path / 'new' / 'one.png')
    plot_reliability({'one': bins, 'two': bins[:3]}, tmp_path / 'both.png')
    one, both = (cv2.imread(str(tmp_path / name)) for name in ('new/one.png', 'both.png'))
    assert one.shape == both.shape
    orange = np.abs(both.astype(int) - [14, 127, 255]).sum(axis=2) < 30  # matplotlib's C1 in BGR
    assert orange.sum() > 100
    assert (np.abs(one.astype(int) - [14, 127, 255]).sum(axis=2) < 30).sum() == 0


def test_nothing_to_plot_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"no predictions of \['peak'\]"):
        plot_reliability({'peak': []}, tmp_path / 'none.png')
