from pathlib import Path

import cv2
import numpy as np
import pytest

from mmeatrack.apis import load_tracker, track_frames
from mmeatrack.apis.calibration import TrackedCues, fit_calibration, track_cues
from mmeatrack.evaluation.calibration import is_right
from tests.toys import video, write_toy_tracker

BOX = (70.0, 50, 20, 20)


def test_cues_of_all_frames_but_the_first(tmp_path: Path) -> None:
    toy = write_toy_tracker(tmp_path)
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    frames = [frame[0].permute(1, 2, 0).numpy() for frame in video(4)]
    truths = {'car': np.tile(BOX, (4, 1)), 'van': np.tile(BOX, (3, 1))}
    for name, truth in truths.items():
        (tmp_path / name / 'img').mkdir(parents=True)
        for i, image in enumerate(frames[: len(truth)]):
            cv2.imwrite(str(tmp_path / name / 'img' / f'{i}.png'), image)

    found = track_cues(tracker, tmp_path, truths, 'toys')

    assert found.features.shape == (5, 5)
    assert np.isfinite(found.features).all()
    assert found.sequence.tolist() == [0, 0, 0, 1, 1]
    boxes = np.array([result.box_xywh for result in track_frames(tracker, frames, BOX)])
    assert found.right[:3].tolist() == is_right(boxes, truths['car'])[1:].tolist()
    # Both start with the same frames.
    np.testing.assert_array_equal(found.features[:2], found.features[3:])
    np.testing.assert_array_equal(found.peaks[:2], found.peaks[3:])


def test_scores_are_from_fits_without_their_sequences() -> None:
    """The cue has opposite signs in the two folds, so each fit is wrong about the other fold."""
    cue = np.linspace(-1, 1, 100)
    features = np.zeros((200, 5))
    features[:, 0] = np.tile(cue, 2)
    right = np.concatenate((cue > 0.1, cue < -0.1))
    found = TrackedCues(features, np.zeros(200), right, np.repeat([0, 1], 100))

    config, scores = fit_calibration(found, folds=2)

    assert config['type'] == 'mmeatrack.CalibratedConfidence'
    assert config['weights'][0] == pytest.approx(0, abs=0.01)
    assert scores[right].max() < 0.5 < scores[0]
