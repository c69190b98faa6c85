import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmtrack.apis import inference_sot, init_model

from mmeatrack.apis import track_frames
from mmeatrack.multi import MultiTracker, TrackRules
from mmeatrack.registry import TRANSFORMS
from tests.toys import follow, mmtrack_scope, tracker_cfg, video

BOX_XYWH = (70.0, 50.0, 20.0, 20.0)  # toys.FIRST_BOX
BOX_XYXY = [70, 50, 90, 70]
STORE = dict(type='mmeatrack.TargetStore', threshold=0.1, interval=2, capacity=3)
WITH_STORE = {'model.temporal': STORE}


def images(num_frames: int) -> list:
    return [frame[0].permute(1, 2, 0).numpy().copy() for frame in video(num_frames)]


@pytest.fixture(scope='module')
def frames() -> list:
    return images(6)


def boxes(tracker, frames, box_xywh=BOX_XYWH) -> list:
    return [result.box_xywh for result in track_frames(tracker, frames, box_xywh)]


def test_results_equal_those_of_the_predict_flow(tracker, frames):
    assert not tracker.training
    found = list(track_frames(tracker, frames, BOX_XYWH))
    with mmtrack_scope():
        rows = follow(tracker, video(6)).numpy()  # x1, y1, x2, y2, score
    assert len(found) == 6
    assert found[0].box_xywh == BOX_XYWH
    assert found[0].score == -1
    xywh = np.array([result.box_xywh for result in found])
    np.testing.assert_allclose(xywh[:, :2], rows[:, :2], atol=1e-4)
    np.testing.assert_allclose(xywh[:, :2] + xywh[:, 2:], rows[:, 2:4], atol=1e-4)
    np.testing.assert_allclose([result.score for result in found], rows[:, 4], atol=1e-6)
    assert [result.frame is frame for result, frame in zip(found, frames)] == [True] * 6
    assert all(0 < result.seconds < 60 for result in found)


def test_results_equal_those_of_inference_sot(tracker, frames):
    mmtracks_own = getattr(inference_sot, '__wrapped__', inference_sot)
    found = list(track_frames(tracker, frames, BOX_XYWH))
    with mmtrack_scope():
        for i, frame in enumerate(frames):
            expected = mmtracks_own(tracker, frame, BOX_XYXY, i).pred_track_instances
    x, y, w, h = found[-1].box_xywh
    np.testing.assert_allclose((x, y, x + w, y + h), expected.bboxes[0].numpy(), atol=1e-4)
    assert found[-1].score == float(expected.scores[0])


def test_first_box_is_returned_exactly(tracker, frames):
    box = (70.1, 50.2, 20.3, 19.7)
    assert next(track_frames(tracker, frames, box)).box_xywh == box


def test_frames_are_read_one_by_one(tracker, frames):
    camera = iter(frames)
    results = track_frames(tracker, camera, BOX_XYWH)
    next(results)
    next(results)
    assert len(list(camera)) == 4


def test_default_scope_is_not_changed(load, frames):
    before = DefaultScope.get_current_instance()
    next(track_frames(load(), frames, BOX_XYWH))
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
def test_bad_box_is_refused(tracker, frames, box, message):
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
def test_bad_frame_is_refused_after_good_ones(tracker, frames, bad, message):
    results = track_frames(tracker, [frames[0], bad], BOX_XYWH)
    assert next(results).score == -1
    with pytest.raises(ValueError, match=message):
        next(results)


def test_vot_and_training_mode_are_refused(load, frames):
    tracker = load({'model.test_cfg': dict(test_mode='VOT')})
    with pytest.raises(RuntimeError, match="test_mode='VOT'"):
        next(track_frames(tracker, frames, BOX_XYWH))
    with pytest.raises(RuntimeError, match=r'call model\.eval\(\)'):
        next(track_frames(tracker.train(), frames, BOX_XYWH))


def test_temporal_adaptation_runs(load, frames):
    tracker = load(WITH_STORE)
    adapted = boxes(tracker, frames)
    assert tracker.state.store.statistics.activations == 2
    tracker.set_temporal(None)
    plain = boxes(tracker, frames)
    assert adapted[:3] == plain[:3]  # the first activation is at frame 2
    assert adapted[3:] != plain[3:]


# Hooks named by class or full path

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


@pytest.fixture(scope='module', params=['pure Python', 'dumped'])
def other_config(request, tmp_path_factory):
    """The toy tracker with a store, as a pure-Python config or as MMEngine dumps that one."""
    model = repr(tracker_cfg())
    for name in ('EATrack', 'AsymmetricViT', 'CenterHead', 'CropDataPreprocessor'):
        model = model.replace(f"'mmeatrack.{name}'", name)
    path = tmp_path_factory.mktemp('lazy') / 'lazy.py'
    path.write_text(LAZY.format(model=model))
    if request.param == 'dumped':
        dumped = path.with_name('dumped.py')
        Config.fromfile(str(path)).dump(str(dumped))
        assert "'mmeatrack.engine.TemporalAdaptationHook'" in dumped.read_text()
        return dumped
    return path


def test_store_of_a_pure_python_or_dumped_config(load, frames, other_config):
    expected = boxes(load(WITH_STORE), frames)
    tracker = load(config=other_config)
    assert boxes(tracker, frames) == expected
    assert tracker.state.store.statistics.activations == 2
    assert load(config=other_config, temporal=False).temporal_cfg is None


def test_store_in_mmtracks_own_functions(toy, load, frames, other_config):
    with mmtrack_scope():
        model = init_model(Config.fromfile(str(other_config)), str(toy.checkpoint), device='cpu')
        for i, frame in enumerate(frames):
            found = inference_sot(model, frame, BOX_XYXY, i).pred_track_instances
    assert model.state.store.statistics.activations == 2
    x, y, w, h = boxes(load(WITH_STORE), frames)[-1]
    np.testing.assert_allclose(found.bboxes[0].numpy(), (x, y, x + w, y + h), atol=1e-4)


# Frames


def test_memory_layout_of_frames_does_not_matter(tracker, frames):
    expected = boxes(tracker, frames)
    read_only = [frame.copy() for frame in frames]
    for frame in read_only:
        frame.setflags(write=False)
    padded = [np.pad(frame, ((0, 0), (0, 7), (0, 0)))[:, :-7] for frame in frames]
    flipped = [np.ascontiguousarray(frame[:, ::-1])[:, ::-1] for frame in frames]
    for given in (read_only, padded, flipped):
        assert boxes(tracker, given) == expected
    assert all((a == b).all() for a, b in zip(read_only, frames))


class _Blacken:
    def __call__(self, results):
        return dict(results, img=results['img'] * 0)


def test_pipeline_of_the_config_is_run(tracker, frames):
    """A step between loading and packing, here one that paints the frame black."""
    with mmtrack_scope():
        TRANSFORMS.register_module(name='Blacken', module=_Blacken, force=True)
    expected = boxes(tracker, [np.zeros_like(frame) for frame in frames])
    tracker.cfg.test_dataloader.dataset.pipeline.insert(2, dict(type='mmeatrack.Blacken'))
    np.testing.assert_allclose(boxes(tracker, frames), expected, atol=1e-4)


@pytest.mark.parametrize('many', [False, True])
def test_frame_may_be_drawn_on_and_its_memory_reused(load, many):
    """A view for the Target Store is cropped while its frame is tracked, not afterwards."""
    store = dict(type='mmeatrack.TargetStore', threshold=0.0, interval=4)
    tracker, frames = load({'model.temporal': store}), images(9)

    def follow_all(frames, drawn=255):
        if not many:
            for result in track_frames(tracker, frames, BOX_XYWH):
                yield result.box_xywh
                result.frame[:] = np.minimum(result.frame, drawn)
            return
        tracks = MultiTracker(tracker, TrackRules(sweep=0, remove_after=None))
        tracks.add(next(frames), BOX_XYWH)
        for frame in frames:
            yield tracks.track(frame)[0].box_xywh

    def one_buffer():
        buffer = np.empty_like(frames[0])
        for frame in frames:
            buffer[:] = frame
            yield buffer

    expected = list(follow_all(iter(frames)))
    assert list(follow_all(one_buffer(), drawn=0)) == expected


# Threads


@pytest.mark.slow
def test_trackers_load_and_track_in_threads(load, tracker, frames):
    """MMEngine's registry and default scope are shared by all threads."""
    expected = boxes(tracker, frames)
    before = DefaultScope.get_current_instance()
    together = threading.Barrier(3)

    def load_and_track(_):
        together.wait()
        own = load()
        together.wait()
        return boxes(own, frames)

    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            assert list(pool.map(load_and_track, range(3))) == [expected] * 3
    assert DefaultScope.get_current_instance() is before


def test_threads_share_a_tracker_frame_by_frame(tracker, frames):
    targets = BOX_XYWH, (20.0, 30.0, 16.0, 24.0)
    alone = [boxes(tracker, frames, box) for box in targets]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda box: boxes(tracker, frames, box), targets * 4))
    assert together == alone * 4
    assert pickle.dumps(tracker)
