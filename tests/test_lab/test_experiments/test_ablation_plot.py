from pathlib import Path

import cv2
import numpy as np
import pytest

from lab.experiments.ablation_plot import plot_ablation


def test_a_higher_score_has_a_higher_bar(tmp_path: Path) -> None:
    plot_ablation({'low': [10.0, 12.0], 'high': [40.0, 44.0]}, 'success', tmp_path / 'plot.png')
    image = cv2.imread(str(tmp_path / 'plot.png')).astype(int)
    bars = np.abs(image - [0xE6, 0xC1, 0x9E]).sum(axis=2) < 10  # BGR of the bars' colour
    columns = np.flatnonzero(bars.any(axis=0))
    middle = (columns[0] + columns[-1]) // 2
    low, high = bars[:, :middle].sum(), bars[:, middle:].sum()
    assert 3 < high / low < 4.5  # 42 to 11


def test_a_variant_without_a_score_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no scores of \['b'\]"):
        plot_ablation({'a': [1.0], 'b': []}, 'success', tmp_path / 'plot.png')
