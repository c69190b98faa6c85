"""Degraded detections, their reproducibility and rates; interpolation of tracks."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample

from lab.mot.degraded_detector import Degradation, detect
from lab.mot.trackers import fill_gaps

TARGETS = [
    dict(bbox=[20 * i, 20, 20 * i + 16, 30], instance_id=i, visibility=1.0) for i in range(10)
]
NONE = Degradation(drop=0, jitter=0, false_alarms=0)


def _detect(frame, faults=None, seed=0, instances=TARGETS):
    return detect(instances, 'video', frame, (240, 120), faults or Degradation(), seed)


def test_without_faults_the_detections_are_the_annotation():
    boxes, scores = _detect(3, NONE)
    assert boxes.tolist() == [each['bbox'] for each in TARGETS]
    assert scores.mean() == pytest.approx(0.85, abs=0.1)


def test_detections_do_not_depend_on_earlier_frames():
    late = _detect(40)
    for frame in range(10):
        _detect(frame)
    for found, expected in zip(_detect(40), late):
        assert found.tolist() == expected.tolist()
    assert _detect(40, seed=1)[0].tolist() != late[0].tolist()


def test_misses_have_their_duration_and_share():
    faults = NONE._replace(drop=0.25, drop_frames=5.0)
    seen = np.zeros((600, 10), bool)
    for frame in range(600):
        seen[frame, (_detect(frame, faults)[0][:, 0] / 20).astype(int)] = True
    assert 1 - seen.mean() == pytest.approx(0.25, abs=0.03)
    begins = (seen[:-1] & ~seen[1:]).sum()
    assert (~seen).sum() / begins == pytest.approx(5, abs=1)


def test_jitter_and_false_alarms_have_their_rates():
    boxes = np.stack([_detect(f, NONE._replace(jitter=0.1))[0] for f in range(300)])
    shift = boxes - np.array([each['bbox'] for each in TARGETS])
    centres = shift.reshape(300, 10, 2, 2).mean(2)
    # The first target is clipped at the border.
    assert centres[:, 1:, 0].std() == pytest.approx(1.6, rel=0.1)
    counts = [len(_detect(f, NONE._replace(false_alarms=2.0))[0]) - 10 for f in range(300)]
    assert np.mean(counts) == pytest.approx(2, abs=0.3)


def test_hidden_targets_are_missed():
    hidden = [dict(each, visibility=0.2) for each in TARGETS]
    assert len(_detect(0, NONE, instances=hidden)[0]) == 0


def test_gaps_are_filled_within_a_video():
    frames = []
    for frame, xs in enumerate([[0.0], [], [4.0]]):
        sample = TrackDataSample(metainfo=dict(frame_id=frame))
        sample.pred_track_instances = InstanceData(
            bboxes=torch.tensor([[x, 0.0, x + 10, 10.0] for x in xs]).reshape(-1, 4),
            scores=torch.ones(len(xs)),
            labels=torch.zeros(len(xs)).long(),
            instances_id=torch.full((len(xs),), 7),
        )
        frames.append(sample)
    other = frames[2].clone()
    other.set_metainfo(dict(frame_id=0))
    fill_gaps([*frames, other])
    assert frames[1].pred_track_instances.bboxes.tolist() == [[2.0, 0.0, 12.0, 10.0]]
    assert frames[1].pred_track_instances.instances_id.tolist() == [7]
