"""Deployed tracker against the one in PyTorch."""

import copy
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest

from mmeatrack.deploy import DeployedTracker
from mmeatrack.multi import MultiTracker, TrackRules
from mmeatrack.structures import CropWindow
from tests.test_deploy.toy_tracker import BOX_XYWH, Exported, frames
from tests.toys import FIRST_BOX, follow, video

ROOT = Path(__file__).resolve().parents[2]


def run(tracker: DeployedTracker, count: int) -> np.ndarray:
    """(count, 5) boxes xyxy and scores, like :func:`tests.toys.follow`."""
    images = frames(count)
    tracker.init(images[0], BOX_XYWH)
    rows = [(*FIRST_BOX, -1.0)]
    for image in images[1:]:
        (x, y, w, h), score, _ = tracker.track(image)
        rows.append((x, y, x + w, y + h, score))
    return np.array(rows)


@pytest.mark.slow
@pytest.mark.parametrize('backend', ['onnxruntime', 'openvino'])
def test_boxes_and_scores_equal_those_of_pytorch(exported: Exported, backend: str) -> None:
    pytest.importorskip(backend, reason='requirements/deploy.txt is not installed')
    count = 12
    expected = follow(exported.tracker, video(count)).numpy()
    deployed = DeployedTracker(exported.folder, backend=backend)
    found = run(deployed, count)
    np.testing.assert_allclose(found[1:, :4], expected[1:, :4], atol=1e-3)
    np.testing.assert_allclose(found[1:, 4], expected[1:, 4], atol=1e-5)
    # Both stores were in use, in the same way.
    ours, theirs = deployed.state, exported.tracker.state
    assert ours.store.statistics == theirs.store.statistics
    assert ours.store.statistics.activations == 3
    np.testing.assert_allclose(ours.temporal, theirs.temporal.numpy(), atol=1e-4)
    assert ours.lost_detector.times_lost == theirs.lost_detector.times_lost


def test_a_second_target_starts_afresh(exported: Exported) -> None:
    deployed = DeployedTracker(exported.folder)
    first = run(deployed, 8)
    np.testing.assert_array_equal(run(deployed, 8), first)


def test_batch_equals_single_windows(exported: Exported) -> None:
    """Targets with and without temporal tokens in one call."""
    deployed = DeployedTracker(exported.folder)
    run(deployed, 5)
    adapted, image = deployed.state, frames(6)[5]
    fresh = deployed.start(image, (60.0, 60.0, 30.0, 24.0))
    assert adapted.temporal is not None
    windows = [CropWindow(40, 30, 80), CropWindow(20, 10, 120), CropWindow(-10, 50, 90)]
    states = [adapted, fresh, adapted]
    together = deployed.locate(image, windows, states)
    for window, state, (box, cues) in zip(windows, states, together):
        (alone,) = deployed.locate(image, [window], [state])
        assert box == pytest.approx(alone[0], abs=1e-3)
        assert cues == pytest.approx(alone[1], abs=1e-5)


def test_multi_tracker_on_the_graphs_equals_single_trackers(exported: Exported) -> None:
    images, later = frames(9), (20.0, 30.0, 16.0, 24.0)
    rules = TrackRules(unsure_for=None, sweep=0, crossing_frames=None)
    single, expected = DeployedTracker(exported.folder), {}
    for key, first, box in ((1, 0, BOX_XYWH), (2, 2, later)):
        single.init(images[first], box)
        expected[key] = [single.track(image) for image in images[first + 1 :]]
    tracker = MultiTracker(DeployedTracker(exported.folder), rules)
    tracker.add(images[0], BOX_XYWH)
    found: Dict[int, List[Any]] = {1: [], 2: []}
    for number, image in enumerate(images[1:], start=1):
        for track in tracker.track(image):
            found[track.id].append(track)
        if number == 2:
            tracker.add(image, later)
    for key, tracks in found.items():
        for i, tolerance in ((1, 1e-3), (2, 1e-5), (3, 0)):
            given, wanted = [each[i] for each in tracks], [each[i - 1] for each in expected[key]]
            np.testing.assert_allclose(given, wanted, rtol=0, atol=tolerance)


@pytest.mark.slow
def test_int8_stays_close_to_float32(exported_int8: Exported) -> None:
    exact = run(DeployedTracker(exported_int8.folder), 8)
    quantised = run(DeployedTracker(exported_int8.folder, precision='int8'), 8)
    difference = np.abs(quantised - exact)[:, :4].max()
    assert 0 < difference < 8


def test_missing_first_frame_and_invalid_frames_are_refused(exported: Exported) -> None:
    deployed = DeployedTracker(exported.folder)
    image = frames(1)[0]
    with pytest.raises(RuntimeError, match='call init on the first frame'):
        deployed.track(image)
    for other, message in (
        (image[..., 0], r'uint8 of shape \(120, 160\)'),
        (image.astype(np.float32), 'float32 of shape'),
        (image.tolist(), 'the frame is list'),
    ):
        with pytest.raises(ValueError, match=message):
            deployed.init(other, BOX_XYWH)
    with pytest.raises(ValueError, match='outside the image'):
        deployed.init(image, (500, 5, 20, 20))


def test_frame_of_another_size_or_none_is_refused_without_effect(exported: Exported) -> None:
    deployed = DeployedTracker(exported.folder)
    images = frames(3)
    results = list(deployed.follow(images, BOX_XYWH))
    for other, message in (
        (images[1][:60, :80], '80x60 px after frames of 160x120'),
        (None, 'the frame is NoneType'),
    ):
        following = deployed.follow([images[0], other], BOX_XYWH)
        next(following)
        with pytest.raises(ValueError, match=message):
            next(following)
        assert deployed.track(images[1]).box_xywh == results[1].box_xywh


def test_frame_may_be_drawn_on(exported: Exported) -> None:
    deployed = DeployedTracker(exported.folder)
    expected, found = list(deployed.follow(frames(9), BOX_XYWH)), []
    for result in deployed.follow(frames(9), BOX_XYWH):
        found.append(result.box_xywh)
        result.frame[:] = 0
    assert found == [each.box_xywh for each in expected]
    assert deployed.state.store.statistics.stored == 2


def test_followed_videos_may_be_interleaved(exported: Exported) -> None:
    """Each call keeps its own state, like those of track_frames."""
    deployed = DeployedTracker(exported.folder)
    boxes = BOX_XYWH, (20.0, 30.0, 16.0, 24.0)
    alone = [[each.box_xywh for each in deployed.follow(frames(5), box)] for box in boxes]
    pairs = list(zip(*(deployed.follow(frames(5), box) for box in boxes)))
    assert [[pair[i].box_xywh for pair in pairs] for i in range(2)] == alone


@pytest.mark.parametrize('copied', [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_tracker_can_be_copied_in_the_middle_of_a_video(exported: Exported, copied: Any) -> None:
    """For another process, also with a relative folder."""
    folder = Path(os.path.relpath(exported.folder))
    deployed, images = DeployedTracker(folder, threads=2), frames(6)
    deployed.init(images[0], BOX_XYWH)
    deployed.track(images[1])
    other = copied(deployed)
    for image in images[2:]:
        assert other.track(image) == deployed.track(image)
    assert other.state.store.statistics.stored == 1
    assert other.state is not deployed.state


@pytest.mark.parametrize(
    'backend', ['onnxruntime', pytest.param('openvino', marks=pytest.mark.slow)]
)
def test_videos_may_be_followed_in_threads(exported: Exported, backend: str) -> None:
    pytest.importorskip(backend, reason='requirements/deploy.txt is not installed')
    deployed = DeployedTracker(exported.folder, backend)
    boxes = BOX_XYWH, (20.0, 30.0, 16.0, 24.0)

    def follow_alone(box: Tuple[float, ...]) -> List[Any]:
        return [each.box_xywh for each in deployed.follow(frames(8), box)]

    alone = [follow_alone(box) for box in boxes]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(follow_alone, boxes * 3)) == alone * 3


_WITHOUT = """
import sys
BLOCKED = {'torch', 'mmengine', 'mmcv', 'mmdet', 'mmcls', 'mmtrack', 'mmrazor', 'pandas', 'sklearn'}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in BLOCKED:
            raise ModuleNotFoundError(f'there is no {name} here', name=name)
sys.meta_path.insert(0, Refuse())
import numpy as np
from mmeatrack.deploy import DeployedTracker
from mmeatrack.files.frame_sources import open_frames
image = np.load(sys.argv[2])
tracker = DeployedTracker(sys.argv[1])
tracker.init(image[0], (70, 50, 20, 20))
boxes = [tracker.track(each).box_xywh for each in image[1:]]
loaded = {name.partition('.')[0] for name in sys.modules}
assert not loaded & BLOCKED and 'mmeatrack.registry' not in sys.modules, loaded & BLOCKED
print(*boxes[-1])
"""


@pytest.mark.slow
def test_neither_torch_nor_openmmlab_is_needed(exported: Exported, tmp_path: Path) -> None:
    images = tmp_path / 'images.npy'
    np.save(images, np.stack(frames(5)))
    done = subprocess.run(
        [sys.executable, '-c', _WITHOUT, str(exported.folder), str(images)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    x, y, w, h = map(float, done.stdout.split())
    expected = run(DeployedTracker(exported.folder), 5)[-1]
    assert (x, y, x + w, y + h) == pytest.approx(expected[:4], abs=1e-6)
