import copy
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmtrack.apis import inference_sot, init_model

from mmeatrack.apis import load_tracker, track_frames
from mmeatrack.multi import MultiTracker, TrackRules
from mmeatrack.registry import TRANSFORMS
from tests.toys import (
    ToyTracker,
    distill_cfg,
    follow,
    mmtrack_scope,
    tracker_cfg,
    video,
    write_toy_tracker,
)

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
    mmtracks_own = getattr(inference_sot, '__wrapped__', inference_sot)
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    found = list(track_frames(tracker, frames, BOX_XYWH))
    with mmtrack_scope():
        for i, frame in enumerate(frames):
            expected = mmtracks_own(tracker, frame, [70, 50, 90, 70], i).pred_track_instances
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
        (np.zeros((60, 80, 3), np.uint8), 'frame 1 has 80x60 px after frames of 160x120'),
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
    (tmp_path / 'torn.py').write_text('a = 1\nmodel = dict(')
    with pytest.raises(ValueError, match=r"torn\.py, line 2: '\(' was never closed|torn\.py, line"):
        load_tracker(tmp_path / 'torn.py', toy.checkpoint)
    with pytest.raises(ValueError, match=r'unknown part: .*mmeatrack\.EATrak is not in'):
        load_tracker(toy.config, toy.checkpoint, cfg_options={'model.type': 'mmeatrack.EATrak'})


def test_gpu_that_is_not_there_is_refused(toy, monkeypatch):
    assert load_tracker(toy.config, toy.checkpoint, torch.device('cpu')).window.device.type == 'cpu'
    with pytest.raises(ValueError, match='eatrack_nano comes with its weights: leave the checkp'):
        load_tracker('eatrack_nano', toy.checkpoint)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(ValueError, match="'cuda:0': torch finds no CUDA device"):
        load_tracker(toy.config, toy.checkpoint, 'cuda:0')
    assert next(load_tracker(toy.config, toy.checkpoint).parameters()).device.type == 'cpu'


def test_option_of_no_entry_is_refused_and_a_detectors_warning_left_out(toy, recwarn):
    load_tracker(toy.config, toy.checkpoint, 'cpu', {'model.test_cfg.margin': 3})
    with pytest.raises(ValueError, match=r"has no \['backbone.depth'\]; .* with model"):
        load_tracker(toy.config, toy.checkpoint, 'cpu', {'backbone.depth': 3})
    assert not [each for each in recwarn if 'dataset_meta' in str(each.message)]


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


@pytest.mark.slow
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


# A hook that the config names in its own way

LAZY = """
from mmeatrack.engine import TemporalAdaptationHook
from mmeatrack.models import (
    AsymmetricViT, CalibratedConfidence, CenterHead, CropDataPreprocessor, EATrack, TargetStore)

model = {model}
custom_hooks = [
    dict(type=TemporalAdaptationHook, store=dict(type=TargetStore, threshold=0.1, interval=2))]
test_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadTrackAnnotations', with_instance_id=False),
            dict(type='PackTrackInputs', pack_single_img=True),
        ]
    )
)
"""


@pytest.fixture(scope='module')
def lazy_config(tmp_path_factory):
    """The toy tracker with a store, as a pure-Python config."""
    model = repr(tracker_cfg())
    for name in ('EATrack', 'AsymmetricViT', 'CenterHead', 'CropDataPreprocessor'):
        model = model.replace(f"'mmeatrack.{name}'", name)
    path = tmp_path_factory.mktemp('lazy') / 'lazy.py'
    path.write_text(LAZY.format(model=model))
    return path


@pytest.fixture(scope='module')
def dumped_config(lazy_config):
    """That config as MMEngine writes it into a work folder: with full paths."""
    path = lazy_config.with_name('dumped.py')
    Config.fromfile(str(lazy_config)).dump(str(path))
    assert "'mmeatrack.engine.TemporalAdaptationHook'" in path.read_text()
    return path


@pytest.fixture(scope='module', params=['lazy_config', 'dumped_config'])
def other_config(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope='module')
def adapted(toy, frames) -> np.ndarray:
    """Boxes with the store of the configs."""
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu', {'model.temporal': STORE})
    return np.array([result.box_xywh for result in track_frames(tracker, frames, BOX_XYWH)])


def test_store_of_a_pure_python_or_dumped_config(toy, frames, other_config, adapted):
    tracker = load_tracker(other_config, toy.checkpoint, 'cpu')
    found = [result.box_xywh for result in track_frames(tracker, frames, BOX_XYWH)]
    assert tracker.state.store.statistics.activations == 2
    np.testing.assert_array_equal(found, adapted)


def test_argument_switches_off_what_such_a_config_asks_for(toy, other_config):
    assert load_tracker(other_config, toy.checkpoint, 'cpu', temporal=False).temporal_cfg is None


def test_store_in_mmtracks_own_functions(toy, frames, other_config, adapted):
    with mmtrack_scope():
        model = init_model(Config.fromfile(str(other_config)), str(toy.checkpoint), device='cpu')
        for i, frame in enumerate(frames):
            found = inference_sot(model, frame, [70, 50, 90, 70], i).pred_track_instances
    assert model.state.store.statistics.activations == 2
    x, y, w, h = adapted[-1]
    np.testing.assert_allclose(found.bboxes[0].numpy(), (x, y, x + w, y + h), atol=1e-4)


def test_given_config_is_not_changed(toy):
    config = Config(dict(model=tracker_cfg(backbone=dict(pretrained='not_here.pth'))))
    before = copy.deepcopy(config.to_dict())
    load_tracker(config, toy.checkpoint, 'cpu', {'model.test_cfg': dict(margin=3.0)})
    assert config.to_dict() == before


# Frames


def test_frame_of_any_memory_layout_is_taken_as_it_is(toy, frames):
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    expected = [result.box_xywh for result in track_frames(tracker, frames, BOX_XYWH)]
    read_only = [frame.copy() for frame in frames]
    for frame in read_only:
        frame.setflags(write=False)
    padded = [np.pad(frame, ((0, 0), (0, 7), (0, 0)))[:, :-7] for frame in frames]
    flipped = [np.ascontiguousarray(frame[:, ::-1])[:, ::-1] for frame in frames]
    for given in (read_only, padded, flipped):
        assert [r.box_xywh for r in track_frames(tracker, given, BOX_XYWH)] == expected
    assert all((a == b).all() for a, b in zip(read_only, frames))


def test_pipeline_of_the_config_is_run(toy, frames):
    """A step between loading and packing, here one that paints the frame black."""
    with mmtrack_scope():
        TRANSFORMS.register_module(name='Blacken', module=_Blacken, force=True)
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    black = [np.zeros_like(frame) for frame in frames]
    expected = [result.box_xywh for result in track_frames(tracker, black, BOX_XYWH)]
    tracker.cfg.test_dataloader.dataset.pipeline.insert(2, dict(type='mmeatrack.Blacken'))
    found = [result.box_xywh for result in track_frames(tracker, frames, BOX_XYWH)]
    np.testing.assert_allclose(found, expected, atol=1e-4)


class _Blacken:
    def __call__(self, results):
        return dict(results, img=results['img'] * 0)


@pytest.mark.parametrize('many', [False, True])
def test_frame_may_be_drawn_on_and_its_memory_used_again(toy, many):
    """A view for the Target Store is cut while its frame is tracked, not at the interval's end."""
    frames = [frame[0].permute(1, 2, 0).numpy().copy() for frame in video(9)]
    store = dict(type='mmeatrack.TargetStore', threshold=0.0, interval=4)
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu', {'model.temporal': store})

    def follow_all(images, drawn=255):
        if not many:
            for result in track_frames(tracker, images, BOX_XYWH):
                yield result.box_xywh
                result.frame[:] = np.minimum(result.frame, drawn)
            return
        tracks = MultiTracker(tracker, TrackRules(sweep=0, remove_after=None))
        tracks.add(next(images), BOX_XYWH)
        for image in images:
            yield tracks.track(image)[0].box_xywh

    def one_buffer():
        buffer = np.empty_like(frames[0])
        for frame in frames:
            buffer[:] = frame
            yield buffer

    expected = list(follow_all(iter(frames)))
    assert list(follow_all(one_buffer(), drawn=0)) == expected


# Threads


@pytest.mark.slow
def test_trackers_load_and_track_in_threads(toy, frames):
    """MMEngine's registry and default scope are shared by all threads."""
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    expected = [result.box_xywh for result in track_frames(tracker, frames, BOX_XYWH)]
    before = DefaultScope.get_current_instance()
    together = threading.Barrier(3)

    def load_and_track(_):
        together.wait()
        own = load_tracker(toy.config, toy.checkpoint, 'cpu')
        together.wait()
        return [result.box_xywh for result in track_frames(own, frames, BOX_XYWH)]

    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            assert list(pool.map(load_and_track, range(3))) == [expected] * 3
    assert DefaultScope.get_current_instance() is before


def test_threads_share_a_tracker_by_turns(toy, frames):
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu')
    boxes = BOX_XYWH, (20.0, 30.0, 16.0, 24.0)

    def follow_alone(box):
        return [result.box_xywh for result in track_frames(tracker, frames, box)]

    alone = [follow_alone(box) for box in boxes]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(follow_alone, boxes * 4)) == alone * 4
    assert pickle.dumps(tracker)


def test_tracking_in_training_mode_is_refused(toy, frames):
    tracker = load_tracker(toy.config, toy.checkpoint, 'cpu').train()
    with pytest.raises(RuntimeError, match=r'call model\.eval\(\)'):
        next(track_frames(tracker, frames, BOX_XYWH))
