"""Status of a target: states, motion out of the frame, direction, JSON lines."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from mmeatrack.multi import StatusLog, TrackRules
from mmeatrack.multi.motion import BoxMotion
from mmeatrack.multi.status import StatusKeeper
from mmeatrack.tracking import LostDetector

SIZE = (200, 100)


def run(boxes, scores, rules=None, patience=3):
    """Status of each frame; the lost detector's thresholds are 0.3 and 0.5."""
    keeper = StatusKeeper(boxes[0], rules or TrackRules(found_for=2, coast_for=4))
    detector = LostDetector(patience=patience)
    found = []
    for box, score in zip(boxes, scores):
        detector.update(score)
        found.append(keeper.update(box, score, detector, SIZE))
    return found


def test_states_and_frame_counts_follow_the_lost_detector() -> None:
    scores = [0.9, 0.2, 0.9, 0.2, 0.1, 0.1, 0.6, 0.4, 0.7, 0.7, 0.7, 0.8, 0.8, 0.2]
    found = run([(50.0, 50.0, 10.0, 10.0)] * 14, scores)
    assert ' '.join(f'{each.state}{each.frames}' for each in found) == (
        'tracking2 coasting1 tracking1 coasting1 coasting2 lost1 lost2 lost3 lost4 lost5 '
        'found1 found2 tracking1 coasting1'
    )


def test_target_that_leaves_the_frame_coasts_and_is_lost_after_coast_for_frames() -> None:
    """5 px per frame to the right border, where the box stays with a middling score."""
    boxes = [(min(160.0 + 5 * i, 195.0), 50.0, 10.0, 10.0) for i in range(18)]
    scores = [0.9 if 160 + 5 * i < 195 else 0.4 for i in range(18)]
    found = run(boxes, scores)
    states = [each.state for each in found]
    first = states.index('coasting')
    assert states == ['tracking'] * first + ['coasting'] * 4 + ['lost'] * (14 - first)
    assert 8 <= first <= 11
    assert found[first].direction[0] > 1
    x = [each.box_xywh[0] + 5 for each in found[first:]]
    assert x[-1] > x[0] > 200


def test_coasting_box_follows_its_motion_and_grows_uncertain() -> None:
    boxes = [(20.0 + 4 * i, 80.0 - 2 * i, 12.0, 8.0) for i in range(10)] + [(90.0, 10.0, 5, 5)] * 3
    found = run(boxes, [0.9] * 10 + [0.1] * 3, patience=9)
    for i, each in enumerate(found[10:], start=10):
        cx, cy = each.box_xywh[0] + 6, each.box_xywh[1] + 4
        assert (cx, cy) == pytest.approx((20 + 4 * i, 80 - 2 * i), abs=1.0)
    deviations = [each.deviation for each in found]
    assert deviations[9][0] < 2
    assert deviations[9] < deviations[10] < deviations[11] < deviations[12]


def test_target_with_a_new_box_may_coast_again() -> None:
    """After 3 of 4 frames of coasting the user gives a box, and 4 more frames may coast."""
    box = (50.0, 50.0, 10.0, 10.0)
    keeper = StatusKeeper(box, TrackRules(coast_for=4))
    detector = LostDetector(patience=99)
    states = []
    for frame in range(8):
        if frame == 3:
            keeper.restart(box)
        states.append(keeper.update(box, 0.2, detector, SIZE).state)
    assert states == ['coasting'] * 7 + ['lost']


def test_record_is_json_with_stable_names() -> None:
    (each,) = run([(50.0, 75.0, 10.0, 10.0)], [0.9])
    record = json.loads(json.dumps(each.as_record(fps=20)))
    assert list(record) == ['state', 'frames', 'seconds', 'estimate', 'deviation', 'direction']
    assert record['seconds'] == 0.1
    assert record['estimate'] == [45.0, 70.0, 10.0, 10.0]
    assert record['direction'] == [-0.5, -0.5], 'positive to the right and up'
    assert each.as_record()['seconds'] is None


def test_log_flushes_a_line_per_frame(tmp_path) -> None:
    (status,) = run([(50.0, 75.0, 10.0, 10.0)], [0.9])
    given = SimpleNamespace(box_xywh=(45.0, 70.0, 10.0, 10.0), score=-1, lost=None, status=None)
    found = SimpleNamespace(box_xywh=(45.0, 70.0, 10.0, 10.0), score=0.9, lost=False, status=status)
    path = tmp_path / 'new' / 'flight.jsonl'
    with StatusLog(path, fps=25, first_frame=3) as log:
        assert not path.exists()
        log.add({1: given})
        first = json.loads(path.read_text())
        log.add({1: found, 4: found})
        log.add({})
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    track = dict(id=1, box=[45.0, 70.0, 10.0, 10.0], score=None, lost=None)
    assert lines[0] == first == dict(frame=3, time=0.12, tracks=[track])
    assert [track['id'] for track in lines[1]['tracks']] == [1, 4]
    assert list(lines[1]['tracks'][0]) == [*track, *json.loads(json.dumps(status.as_record()))]
    assert lines[2] == dict(frame=5, time=0.2, tracks=[])


@pytest.mark.parametrize('fps', [0, -25.0, np.nan, np.inf])
def test_log_refuses_an_invalid_frame_rate(tmp_path, fps: float) -> None:
    with pytest.raises(ValueError, match=r'fps=.*above 0, or None'):
        StatusLog(tmp_path / 'flight.jsonl', fps=fps)


def test_log_takes_numpy_numbers_and_refuses_nonfinite_ones(tmp_path) -> None:
    (status,) = run([tuple(np.float32([50.0, 75.0, 10.0, 10.0]))], [np.float32(0.9)])
    given = SimpleNamespace(
        box_xywh=np.float32([45, 70, 10, 10]), score=np.float32(0.5), lost=np.True_, status=status
    )
    with StatusLog(tmp_path / 'flight.jsonl', fps=25) as log:
        log.add({np.int64(3): given})
        for changed in (
            dict(score=np.nan),
            dict(box_xywh=(np.nan, 70.0, 10.0, 10.0)),
            dict(status=status._replace(direction=(0.5, np.inf))),
        ):
            with pytest.raises(ValueError, match=r'frame 1, id 4: .* is not finite'):
                log.add({4: SimpleNamespace(**{**vars(given), **changed})})
    (line,) = map(json.loads, log.path.read_text().splitlines())
    assert line['tracks'][0]['id'] == 3
    assert line['tracks'][0]['box'] == [45.0, 70.0, 10.0, 10.0]


def test_filter_learns_the_velocity() -> None:
    motion = BoxMotion((0.0, 0.0, 10.0, 10.0))
    for i in range(1, 15):
        motion.predict()
        motion.correct((3.0 * i, -1.0 * i, 10.0, 10.0), 0.9)
    assert motion.velocity == pytest.approx((3, -1), abs=0.05)
    assert motion.box[:2] == pytest.approx((42, -14), abs=0.2)


def test_deviation_by_hand() -> None:
    """Mean side 10 px; initial variances of place and velocity 0.36 and 9 px^2."""
    motion = BoxMotion((0.0, 0.0, 20.0, 5.0))
    assert motion.deviation == pytest.approx((0.75, 0.75, 3.0, 0.75))  # 1.25 x 0.6 px, 0.15
    motion.predict()
    place = 1.25 * (0.36 + 9 + 0.25 / 4) ** 0.5
    size = (0.15**2 + 0.05**2) ** 0.5
    assert motion.deviation == pytest.approx((place, place, 20 * size, 5 * size))
    motion.correct((1.0, 0.0, 20.0, 5.0), 0.5)  # measured with a deviation of (0.06 + 0.2) x 10 px
    place = 1.25 * (1 / (1 / 9.4225 + 1 / 2.6**2)) ** 0.5
    assert motion.deviation == pytest.approx((place, place, 7.0, 1.75))
