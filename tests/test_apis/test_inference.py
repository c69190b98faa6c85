import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmtrack.apis import inference_sot

from mmeatrack.apis import load_tracker, track_frames
from tests.toy_checkpoint import ToyTracker, write_toy_tracker
from tests.toys import distill_cfg, follow, mmtrack_scope, tracker_cfg, video

BOX_XYWH = (70.0, 50.0, 20.0, 20.0)  # toys.FIRST_BOX
STORE = dict(type='mmeatrack.TargetStore', threshold=0.1, interval=2, capacity=3)


@pytest.fixture(scope='module')
def toy(tmp_path_factory) -> ToyTracker:
    return write_toy_tracker(tmp_path_factory.mktemp('toy'))


@pytest.fixture(scope='module')
def frames() -> list:
    return [frame[0].permute(1, 2, 0).numpy().copy() for frame in video(6)]


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_results_are_those_of_the_predict_flow(toy, frames):
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    assert not tracker.training
    found = list(track_frames(tracker, frames, BOX_XYWH))
    with mmtrack_scope():
        rows = follow(tracker, video(6)).numpy()  # x1, y1, x2, y2, score
    assert len(found) == 6
    assert found[0].box_xywh == BOX_XYWH
    assert found[0].score == -1
    boxes = np.array([result.box_xywh for result in found])
    np.testing.assert_allclose(boxes[:, :2], rows[:, :2], atol=1e-4)
    np.testing.assert_allclose(boxes[:, :2] + boxes[:, 2:], rows[:, 2:4], atol=1e-4)
    np.testing.assert_allclose([result.score for result in found], rows[:, 4], atol=1e-6)
    assert [result.frame is frame for result, frame in zip(found, frames)] == [True] * 6
    assert all(0 < result.seconds < 60 for result in found)


def test_results_are_those_of_inference_sot(toy, frames):
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    found = list(track_frames(tracker, frames, BOX_XYWH))
    with mmtrack_scope():
        for i, frame in enumerate(frames):
            expected = inference_sot(tracker, frame, [70, 50, 90, 70], i).pred_track_instances
    x, y, w, h = found[-1].box_xywh
    np.testing.assert_allclose((x, y, x + w, y + h), expected.bboxes[0].numpy(), atol=1e-4)
    assert found[-1].score == float(expected.scores[0])


def test_the_first_box_is_given_back_exactly(toy, frames):
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    box = (70.1, 50.2, 20.3, 19.7)
    assert next(track_frames(tracker, frames, box)).box_xywh == box


def test_frames_are_asked_for_one_by_one(toy, frames):
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    taken = []

    def camera():
        for frame in frames:
            taken.append(frame)
            yield frame

    results = track_frames(tracker, camera(), BOX_XYWH)
    next(results)
    next(results)
    assert len(taken) == 2


def test_the_default_scope_stays_as_it_was(toy, frames):
    before = DefaultScope.get_current_instance()
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    next(track_frames(tracker, frames, BOX_XYWH))
    assert DefaultScope.get_current_instance() is before


@pytest.mark.parametrize(
    ('box', 'message'),
    [
        ((70, 50, 0, 20), 'must be above 0'),
        ((70, 50, 20, -20), 'must be above 0'),
        ((70, float('nan'), 20, 20), 'four finite numbers'),
        ((70, 50, 20), 'four finite numbers'),
        ((160, 50, 20, 20), r'outside the image'),
        ((70, -20, 20, 20), r'image of 160x120 px.*outside the image'),
    ],
)
def test_bad_box_is_refused(toy, frames, box, message):
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    with pytest.raises(ValueError, match=message):
        next(track_frames(tracker, frames, box))


@pytest.mark.parametrize(
    ('bad', 'message'),
    [
        (np.zeros((120, 160), np.uint8), r'frame 1 is uint8 of shape \(120, 160\).*GRAY2BGR'),
        (np.zeros((120, 160, 1), np.uint8), r'frame 1 is of shape \(120, 160, 1\)'),
        (np.zeros((120, 160, 3), np.float32), 'frame 1 is float32'),
        (None, 'frame 1 is NoneType'),
    ],
)
def test_bad_frame_is_refused_after_the_good_ones(toy, frames, bad, message):
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    results = track_frames(tracker, [frames[0], bad], BOX_XYWH)
    assert next(results).score == -1
    with pytest.raises(ValueError, match=message):
        next(results)


def test_vot_mode_is_refused(toy, frames):
    options = {'model.test_cfg': dict(test_mode='VOT')}
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu', options)
    with pytest.raises(RuntimeError, match="test_mode='VOT'"):
        next(track_frames(tracker, frames, BOX_XYWH))


def test_missing_files_are_named(toy, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.py: no such config file.*make demo'):
        load_tracker(tmp_path / 'none.py', toy.checkpoint)
    with pytest.raises(FileNotFoundError, match=r'none\.pth: no such checkpoint.*make demo'):
        load_tracker(toy.config, tmp_path / 'none.pth')
    for nothing in (None, ''):
        with pytest.raises(ValueError, match='random weights'):
            load_tracker(toy.config, nothing)
    (tmp_path / 'data.py').write_text('data_root = 1')
    with pytest.raises(ValueError, match=r'data\.py: the config has no model'):
        load_tracker(tmp_path / 'data.py', toy.checkpoint)


def test_gpu_that_is_not_there_is_refused(toy, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(ValueError, match="'cuda:0': torch finds no CUDA device"):
        load_tracker(toy.config, toy.checkpoint, 'cuda:0')
    assert next(load_tracker(toy.config, toy.checkpoint).parameters()).device.type == 'cpu'


def test_checkpoint_of_another_model_is_refused(toy):
    with pytest.raises(RuntimeError, match='the checkpoint is of another model'):
        load_tracker(toy.config, toy.checkpoint, 'cpu', {'model.backbone.embed_dims': 32})


def test_weights_are_the_checkpoints(toy):
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    saved = torch.load(toy.checkpoint, weights_only=True)['state_dict']
    loaded = tracker.state_dict()
    assert set(saved) == set(loaded)
    assert all(torch.equal(saved[key], loaded[key]) for key in saved)


def test_distillation_config_gives_the_student(toy):
    config = Config(dict(model=distill_cfg(allow_random_teacher=False)))
    tracker = load_tracker(config, toy.checkpoint, 'cpu')
    assert type(tracker).__name__ == 'EATrack'
    assert len(tracker.backbone.joint_stage) == 2
    assert 'test_dataloader' not in config  # the given config is not changed


def test_imagenet_weights_are_not_looked_for(toy):
    config = Config(dict(model=tracker_cfg(backbone=dict(pretrained='not_here.pth'))))
    load_tracker(config, toy.checkpoint, 'cpu')


def test_temporal_adaptation_follows_argument_then_config(toy):
    hook = dict(type='mmeatrack.TemporalAdaptationHook', store=dict(interval=7))
    by_hook = Config(dict(model=tracker_cfg(), custom_hooks=[hook]))
    by_model = Config(dict(model=tracker_cfg(temporal=STORE)))
    default = dict(type='mmeatrack.TargetStore')

    def temporal(config, argument):
        return load_tracker(config, toy.checkpoint, 'cpu', temporal=argument).temporal_cfg

    assert temporal(toy.config, None) is None
    assert temporal(toy.config, True) == default
    assert temporal(toy.config, False) is None
    for argument in (None, True):
        assert temporal(by_hook, argument) == dict(default, interval=7)
        assert temporal(by_model, argument) == STORE
    assert temporal(by_hook, False) is None
    assert temporal(by_model, False) is None


def test_temporal_adaptation_runs(toy, frames):
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu', {'model.temporal': STORE})
    adapted = [result.box_xywh for result in track_frames(tracker, frames, BOX_XYWH)]
    assert tracker.state.store.statistics.activations == 2
    tracker.set_temporal(None)
    plain = [result.box_xywh for result in track_frames(tracker, frames, BOX_XYWH)]
    assert adapted[:3] == plain[:3]  # the first activation is at frame 2
    assert adapted[3:] != plain[3:]
