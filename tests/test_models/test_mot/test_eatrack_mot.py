"""EATrackMOT with scripted detections and a network that knows where its targets are."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample

from mmeatrack.models import EATrackMOT
from mmeatrack.models.mot import eatrack_mot
from mmeatrack.structures.checks import image_size
from mmeatrack.tracking import LostDetector, VideoParts, begin, complete_settings

SIZE = (120, 90)


class ScriptedDetector(BaseModel):
    """Detections by frame: rows of box x1, y1, x2, y2 and score."""

    def __init__(self, script):
        super().__init__()
        self.script, self.frames, self.shapes = script, [], []

    def forward(self, inputs, data_samples, mode='predict'):
        (sample,) = data_samples
        rows = torch.tensor(self.script.get(sample.frame_id, [])).reshape(-1, 5)
        self.frames.append(sample.frame_id)
        self.shapes.append(tuple(inputs[0].shape))
        sample.pred_instances = InstanceData(
            bboxes=rows[:, :4], scores=rows[:, 4], labels=torch.zeros(len(rows)).long()
        )
        return data_samples


class Network(torch.nn.Module):
    """Network that moves each target by ``step`` px in x per frame, with a constant peak."""

    test_cfg = complete_settings(None, dict(margin=0.0))[1]

    def __init__(self, step=2.0, peak=0.9):
        super().__init__()
        self.step, self.peak, self.templates, self.batches = step, peak, [], []

    def as_image(self, frame):
        return frame

    def encode_template(self, img, box):
        self.templates.append(box)
        return torch.zeros(1, 4, 8)

    def cut_template(self, img, box):
        return partial(self.encode_template, img, box)

    def start(self, img, box):
        template = self.encode_template(img, box)
        parts = VideoParts(LostDetector())
        return begin(template, torch.zeros(1, 8), box, image_size(img), parts, self.test_cfg)

    def locate(self, img, windows, states):
        self.batches.append(len(windows))
        boxes = [(cx + self.step, cy, w, h) for cx, cy, w, h in (s.box for s in states)]
        return [(box, [self.peak, 0.1, 0.9]) for box in boxes]


@pytest.fixture
def make(monkeypatch):
    def make(script, network=None, **kwargs):
        parts = iter((ScriptedDetector(script), network or Network()))
        monkeypatch.setattr(eatrack_mot, 'MODELS', SimpleNamespace(build=lambda cfg: next(parts)))
        return EATrackMOT({}, {}, **kwargs).eval()

    return make


def _run(model, frames):
    """Boxes by id in each frame."""
    found = []
    for frame in range(frames):
        sample = TrackDataSample(metainfo=dict(frame_id=frame))
        img = torch.zeros(1, 3, SIZE[1], SIZE[0])
        with torch.no_grad():
            (sample,) = model.predict(dict(img=[img]), [sample])
        tracks = sample.pred_track_instances
        found.append(dict(zip(tracks.instances_id.tolist(), tracks.bboxes.tolist())))
    return found


CAR, BUS = [10, 20, 30, 40, 0.9], [50, 50, 70, 60, 0.9]


def test_targets_are_tracked_between_runs_of_the_detector(make):
    model = make({0: [CAR, BUS], 3: [[16, 20, 36, 40, 0.9], [56, 50, 76, 60, 0.9]]}, detect_every=3)
    found = _run(model, 5)
    assert model.detector.frames == [0, 3]
    assert [sorted(each) for each in found] == [[1, 2]] * 5
    assert [each[1][0] for each in found] == pytest.approx([10, 12, 14, 16, 18])
    assert found[4][2] == pytest.approx([58, 50, 78, 60])
    # All targets in one batch.
    assert model.tracker.batches == [2, 2, 2, 2]


def test_target_missed_by_the_detector_is_still_tracked(make):
    found = _run(make({0: [CAR], 3: [[16, 20, 36, 40, 0.9]]}), 4)
    assert [sorted(each) for each in found] == [[1]] * 4


def test_detection_corrects_the_box_by_its_share(make):
    # The track is at x 12 to 32, the detection 2 px to the right of it.
    model = make({0: [CAR], 1: [[14, 20, 34, 40, 0.9]]}, correction=0.25)
    found = _run(model, 3)
    assert found[1][1] == pytest.approx([12.5, 20, 32.5, 40])
    assert found[2][1] == pytest.approx([14.5, 20, 34.5, 40])
    assert len(model.tracker.templates) == 1


def test_drifted_track_gets_a_new_template_from_the_detection(make):
    model = make({0: [CAR], 1: [[20, 20, 40, 40, 0.9]]}, redraw_below=0.7)
    found = _run(model, 3)
    assert found[1][1] == pytest.approx([20, 20, 40, 40])
    assert found[2][1] == pytest.approx([22, 20, 42, 40])
    assert model.tracker.templates == [(20, 30, 20, 20), (30, 30, 20, 20)]


def test_lost_target_is_reported_when_detected(make):
    """Three frames of low scores make it lost."""
    script = {0: [CAR], 4: [[10, 20, 30, 40, 0.9]]}
    found = _run(make(script, Network(step=0, peak=0.05)), 6)
    assert [1 in each for each in found] == [True, True, True, False, True, True]
    assert found[4][1] == pytest.approx([10, 20, 30, 40])


def test_false_alarm_ends_with_the_next_run_of_the_detector(make):
    script = {0: [CAR], 1: [[12, 20, 32, 40, 0.9], [80, 60, 90, 70, 0.9]]}
    found = _run(make(script), 4)
    assert [sorted(each) for each in found] == [[1], [1, 2], [1], [1]]


def test_ids_start_again_with_each_video(make):
    model = make({0: [CAR, BUS]})
    assert sorted(_run(model, 2)[0]) == [1, 2]
    assert sorted(_run(model, 1)[0]) == [1, 2]


def test_detector_gets_frames_of_its_size(make):
    model = make({0: [CAR]}, detector_size=(60, 60))
    _run(model, 1)
    assert model.detector.shapes == [(3, 45, 60)]


def test_detections_outside_the_frame_are_clipped_or_dropped(make):
    found = _run(make({0: [[-10, 10, 20, 30, 0.9], [130, 10, 150, 30, 0.9]]}), 1)
    assert found[0] == {1: pytest.approx([0, 10, 20, 30])}


def test_non_finite_detections_are_dropped(make):
    nan = float('nan')
    found = _run(make({0: [CAR, [*BUS[:4], nan]], 1: [[nan, 20, 30, 40, 0.9], CAR]}), 2)
    assert [sorted(each) for each in found] == [[1], [1]]
    assert found[1][1] == pytest.approx([10.4, 20, 30.4, 40])


def test_no_targets_give_no_tracks(make):
    assert _run(make({}), 2) == [{}, {}]


@pytest.mark.parametrize(
    ('argument', 'told'),
    [
        (dict(detect_every=0), 'detect_every=0 must be a whole number of at least 1'),
        (dict(correction=2), 'correction=2 must lie between 0 and 1'),
    ],
)
def test_bad_arguments_are_refused(make, argument, told):
    with pytest.raises(ValueError, match=told):
        make({}, **argument)


def test_batch_of_several_frames_is_refused(make):
    sample = TrackDataSample(metainfo=dict(frame_id=0))
    with pytest.raises(ValueError, match='set batch_size=1'):
        make({}).predict(dict(img=[torch.zeros(2, 3, 8, 8)]), [sample])


def test_published_tracker_keeps_its_weights_at_initialisation():
    detector = dict(type='mmeatrack.CropDataPreprocessor', mean=[0] * 3, std=[1] * 3)
    model = EATrackMOT(detector, 'mmeatrack/weights/eatrack_nano.safetensors')
    before = {key: value.clone() for key, value in model.tracker.state_dict().items()}
    model.init_weights()
    for key, value in model.tracker.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_loss_is_refused(make):
    with pytest.raises(NotImplementedError, match='train the detector by mmdet'):
        make({}).loss({}, [])
