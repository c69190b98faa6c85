import json
from typing import Any

import cv2
import numpy as np
import pytest

from mmeatrack.apis.calibration import TrackedCues
from mmeatrack.files.ground_truth import GroundTruth
from tests.scripts import load_script


@pytest.fixture
def calibrate(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script with random cues instead of a tracker's; the first decides about the box."""
    module = load_script('calibrate')
    rng = np.random.default_rng(0)
    cues, noise = rng.random((500, 5)), rng.random(500)
    right = noise < 1 / (1 + np.exp(-6 * (cues[:, 0] - 0.5)))
    found = TrackedCues(cues, rng.random(500), right, np.arange(500))
    monkeypatch.setattr('mmeatrack.apis.load_tracker', lambda *_: None)
    monkeypatch.setattr('mmeatrack.apis.calibration.track_cues', lambda *_: found)
    monkeypatch.setattr(
        'mmeatrack.files.ground_truth.load_ground_truth',
        lambda _: GroundTruth(dict.fromkeys('abcde', np.zeros((1, 4))), {}, {}),
    )
    return module


def test_confidence_is_fitted_reported_and_plotted(calibrate, tmp_path, capsys) -> None:
    assert calibrate.main(['config.py', 'a.pth', 'data', '--out', str(tmp_path / 'out')]) == 0
    report = json.loads((tmp_path / 'out' / 'calibration.json').read_text())
    weights = report['confidence']['weights']
    assert report['confidence']['type'] == 'mmeatrack.CalibratedConfidence'
    assert weights[0] > 4 > 2 > max(map(abs, weights[1:]))
    fitted, peak = (report['left_out'][name] for name in ('calibrated', 'peak of the score map'))
    assert fitted['auroc'] > 0.75 > 0.6 > peak['auroc']
    assert cv2.imread(str(tmp_path / 'out' / 'reliability.png')) is not None
    assert '500 frames' in capsys.readouterr().out


def test_foreign_files_and_inputs_are_not_replaced(calibrate, tmp_path, capsys) -> None:
    mine = tmp_path / 'calibration.json'
    mine.write_text('{}')
    assert calibrate.main(['config.py', 'a.pth', 'data', '--out', str(tmp_path)]) == 1
    assert 'calibration.json: there already, and not written by' in capsys.readouterr().err
    for data in (str(mine), str(tmp_path)):  # the file itself, or the folder around it
        arguments = ['config.py', 'a.pth', data, '--out', str(tmp_path), '--overwrite']
        assert calibrate.main(arguments) == 1
        assert 'would be overwritten' in capsys.readouterr().err
    assert mine.read_text() == '{}'
    arguments = ['config.py', 'a.pth', 'data', '--out', str(tmp_path), '--overwrite']
    assert calibrate.main(arguments) == 0
    assert 'confidence' in json.loads(mine.read_text())
