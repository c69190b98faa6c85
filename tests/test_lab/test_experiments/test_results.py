import re
from pathlib import Path

import numpy as np
import pytest

from lab.experiments.results import read_run, score_runs
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
    nothing = np.full(4, np.nan)
    boxes = TRUTH + np.array([shift, 0, 0, 0])
    RunFolder(folder).write(SequenceResult(name, boxes, np.ones(4), np.ones(4), nothing))


def test_scores_of_runs(truth: GroundTruth, tmp_path: Path) -> None:
    for run, shift in (('Hit', 0.0), ('Miss', 100.0)):
        for name in truth.boxes:
            write(tmp_path / run, name, shift)
    report = score_runs(tmp_path, ['Hit', 'Miss'], truth)
    # A perfect box is a success at 20 of 21 thresholds; the first of 4 frames counts as given.
    assert report['Hit'].scores.success_auc == pytest.approx(20 / 21)
    assert report['Miss'].scores.success_auc == pytest.approx(20 / 21 / 4)


def test_an_incomplete_run_is_no_result(truth: GroundTruth, tmp_path: Path) -> None:
    write(tmp_path / 'run', 'b', 0.0)
    with pytest.raises(
        ValueError, match=re.escape(f'{tmp_path / "run"} has no complete result of a')
    ):
        read_run(tmp_path / 'run', truth)
    write(tmp_path / 'run', 'a', 0.0)
    assert [result.name for result in read_run(tmp_path / 'run', truth)] == ['a', 'b']
