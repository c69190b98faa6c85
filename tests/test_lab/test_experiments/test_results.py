"""Raw results, scores, their spread over seeds, and the plot of an ablation."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from lab.experiments.results import mean_and_error, plot_ablation, read_run, score_runs
from mmeatrack.evaluation.run_folder import RunFolder, SequenceResult
from mmeatrack.files.ground_truth import GroundTruth, load_ground_truth

TRUTH = np.array([[10.0, 10, 20, 20]] * 4)


@pytest.fixture
def truth(tmp_path: Path) -> GroundTruth:
    """Two sequences of four frames."""
    for name in ('a', 'b'):
        (tmp_path / 'test' / name).mkdir(parents=True)
        np.savetxt(tmp_path / 'test' / name / 'groundtruth_rect.txt', TRUTH, delimiter=',')
    return load_ground_truth(tmp_path / 'test')


def write(folder: Path, name: str, shift: float) -> None:
    unknown = np.full(4, np.nan)
    boxes = TRUTH + np.array([shift, 0, 0, 0])
    RunFolder(folder).write(SequenceResult(name, boxes, np.ones(4), np.ones(4), unknown))


def test_scores_of_runs(truth: GroundTruth, tmp_path: Path) -> None:
    for run, shift in (('Hit', 0.0), ('Miss', 100.0)):
        for name in truth.boxes:
            write(tmp_path / run, name, shift)
    report = score_runs(tmp_path, ['Hit', 'Miss'], truth)
    # A perfect box is a success at 20 of 21 thresholds; the first of 4 frames has its box given.
    assert report['Hit'].scores.success_auc == pytest.approx(20 / 21)
    assert report['Miss'].scores.success_auc == pytest.approx(20 / 21 / 4)


def test_an_incomplete_run_is_refused(truth: GroundTruth, tmp_path: Path) -> None:
    write(tmp_path / 'run', 'b', 0.0)
    with pytest.raises(
        ValueError, match=re.escape(f'{tmp_path / "run"} has no complete result of a')
    ):
        read_run(tmp_path / 'run', truth)
    write(tmp_path / 'run', 'a', 0.0)
    assert [result.name for result in read_run(tmp_path / 'run', truth)] == ['a', 'b']


def test_mean_and_standard_error() -> None:
    # The standard deviation of 1, 2, 3 is 1; over sqrt(3) that is 0.577.
    assert mean_and_error([1.0, 2.0, 3.0]) == '2.0 ± 0.6'
    assert mean_and_error([45.67]) == '45.7'


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
