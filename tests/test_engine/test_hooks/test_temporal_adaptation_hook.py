from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import pytest
import torch
from mmengine.model import BaseModel

from mmeatrack.engine import OracleViewsHook, TemporalAdaptationHook
from mmeatrack.engine.store_log import read_store_log
from mmeatrack.registry import HOOKS
from tests.test_engine.toy_runs import KeepResults, VideoDataset, train_runner, video_runner
from tests.toys import build, distill_cfg, follow, logged, tracker_cfg, video

# Admits every frame; the type is the hook's to fill in.
STORE = dict(threshold=0.0, interval=2, capacity=3)
EAGER = dict(STORE, type='mmeatrack.TargetStore')


def hook(store: Optional[dict] = None) -> List[dict]:
    return [dict(type='mmeatrack.TemporalAdaptationHook', store=store or STORE)]


def results(
    tmp_path: Path, model: Any, seeds: Sequence[int], hooks: Optional[list] = None
) -> torch.Tensor:
    """(frames, 5) boxes and scores of a test run."""
    metric = KeepResults()
    # A Runner's name must be unique.
    work_dir = tmp_path / f'run{len(list(tmp_path.iterdir()))}'
    video_runner(model, work_dir, VideoDataset(seeds), metric, custom_hooks=hooks).test()
    return torch.stack(metric.rows)


def test_hook_switches_adaptation_on(tmp_path) -> None:
    """The run equals that of a model with the store in its config."""
    model = build(tracker_cfg())
    frames = video(6, seed=1)
    without = results(tmp_path, model, [1])
    adapted = results(tmp_path, model, [1], hook())
    assert torch.equal(without, follow(model, frames))
    assert torch.equal(adapted, follow(build(tracker_cfg(temporal=EAGER)).eval(), frames))
    assert not torch.equal(adapted, without)


def test_model_is_restored(tmp_path) -> None:
    model = build(tracker_cfg())
    plain = results(tmp_path, model, [1])
    results(tmp_path, model, [1], hook())
    assert model.temporal_cfg is None
    assert torch.equal(results(tmp_path, model, [1]), plain)

    own = dict(EAGER, interval=3)
    model = build(tracker_cfg(temporal=own))
    before = results(tmp_path, model, [1])
    assert not torch.equal(results(tmp_path, model, [1], hook()), before)
    assert model.temporal_cfg == own
    assert torch.equal(results(tmp_path, model, [1]), before)


def test_results_do_not_depend_on_earlier_videos(tmp_path) -> None:
    """Bit-equal in a run after two other videos and in a separate run."""
    model = build(tracker_cfg())
    together = results(tmp_path, model, [1, 2, 3], hook())
    for i, seed in enumerate([1, 2, 3]):
        alone = results(tmp_path, build(tracker_cfg()), [seed], hook())
        assert torch.equal(together[6 * i : 6 * i + 6], alone)


def test_student_of_a_distillation_is_adapted(tmp_path) -> None:
    model = build(distill_cfg())
    adapted = results(tmp_path, model, [1], hook())
    student = build(distill_cfg()).student
    assert torch.equal(adapted, results(tmp_path, student, [1], hook()))
    assert not torch.equal(adapted, results(tmp_path, student, [1]))
    assert model.student.temporal_cfg is None


def test_statistics_of_all_videos_are_logged(tmp_path) -> None:
    model = build(tracker_cfg())
    videos, options = VideoDataset([1, 2]), dict(custom_hooks=hook(), log_level='INFO')
    for i, (_, sample) in enumerate(videos.frames):
        folder = f'UAV123/car6/{i + 1:06d}.jpg'  # of both
        sample.set_metainfo(dict(seq_name=f'car6_{i // 6 + 1}', img_path=folder))
    runner = video_runner(model, tmp_path / 'run', videos, KeepResults(), **options)
    with logged() as messages:
        runner.test()
    report = next(message for message in messages if message.startswith('Target Store'))
    # Five frames tracked in each of two videos, all confident; views stored after frames 2 and 4.
    assert report == (
        'Target Store over 2 videos: frames 10 offered, 10 confident, 4 admitted, 0 contaminated, '
        '0 frames_lost'
    )
    videos = read_store_log(tmp_path / 'run' / 'target_store.csv')
    assert [(each.frames, each.admitted, each.activations) for each in videos] == [(5, 2, 2)] * 2
    assert [each.video for each in videos] == ['car6_1', 'car6_2']


def test_hook_works_in_validation(tmp_path) -> None:
    model, metric = build(tracker_cfg()), KeepResults()
    own = build(tracker_cfg())
    stores: List[Any] = []
    set_temporal = model.set_temporal
    model.set_temporal = lambda cfg: (stores.append(cfg), set_temporal(cfg))
    train_runner(
        model,
        tmp_path / 'run',
        train_cfg=dict(by_epoch=True, max_epochs=1),
        metric=metric,
        custom_hooks=hook(),
    ).train()
    assert stores == [EAGER, None]
    # The trained weights were validated with the store.
    own.load_state_dict(model.state_dict())
    own.set_temporal(EAGER)
    assert torch.equal(torch.stack(metric.rows), follow(own.eval(), video(3)))


def test_bad_store_is_refused_before_the_test(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"sampling='random' is unknown"):
        results(tmp_path, build(tracker_cfg()), [1], hook(dict(sampling='random')))
    with pytest.raises(TypeError, match='intervall'):
        results(tmp_path, build(tracker_cfg()), [1], hook(dict(intervall=3)))


class OtherTracker(BaseModel):
    def forward(self, inputs: Any, data_samples: Any = None, mode: str = 'tensor') -> None:
        raise AssertionError('not to be run')


def test_other_trackers_are_refused(tmp_path) -> None:
    with pytest.raises(TypeError, match=r'needs an mmeatrack\.EATrack, but the model is OtherTr'):
        results(tmp_path, OtherTracker(), [1], hook())


def test_store_config_keeps_its_own_type() -> None:
    assert TemporalAdaptationHook().store == dict(type='mmeatrack.TargetStore')
    given = dict(type='mine.Store', interval=3)
    assert TemporalAdaptationHook(given).store == given


# The square's truth by frame: it moves by 2 px a frame.
TRUTH = {frame: [70.0 + 2 * frame, 50.0, 90.0 + 2 * frame, 70.0] for frame in range(6)}


def oracle_views(interval: int) -> List[dict]:
    return [dict(type='mmeatrack.OracleViewsHook', interval=interval)]


def oracle_results(
    work_dir: Path, model: Any, truth: Dict[int, List[float]], hooks: list
) -> torch.Tensor:
    """(frames, 5) boxes and scores of a test run on one toy video."""
    metric, data = KeepResults(), VideoDataset([1])
    for frame, (_, sample) in enumerate(data.frames):
        sample.set_metainfo(dict(instances=[dict(bbox=truth[frame])]))
    video_runner(model, work_dir, data, metric, custom_hooks=hooks).test()
    return torch.stack(metric.rows)


def test_slot_shows_the_true_target(tmp_path: Path) -> None:
    """The target is encoded in frames 2 and 4, and used from the next frames on."""
    model, frames = build(tracker_cfg()), video(6, 1)
    every_2nd = oracle_results(tmp_path / 'a', model, TRUTH, oracle_views(2))
    expected = model.encode_template(frames[4].float(), (88.0, 60.0, 20.0, 20.0))
    assert torch.equal(model.state.temporal, expected)
    without = oracle_results(tmp_path / 'b', model, TRUTH, [])
    assert torch.equal(every_2nd[:3], without[:3])
    assert not torch.equal(every_2nd[3], without[3])


@pytest.mark.parametrize('absent', [[np.nan] * 4, [5.0, 5.0, 5.0, 5.0]])
def test_no_view_of_an_absent_target(tmp_path: Path, absent: List[float]) -> None:
    model, frames = build(tracker_cfg()), video(6, 1)
    oracle_results(tmp_path / 'a', model, {**TRUTH, 4: absent}, oracle_views(2))
    assert torch.equal(
        model.state.temporal, model.encode_template(frames[2].float(), (84.0, 60.0, 20.0, 20.0))
    )


def test_store_and_oracle_views_together_are_refused(tmp_path: Path) -> None:
    hooks = [*oracle_views(5), dict(type='mmeatrack.TemporalAdaptationHook')]
    with pytest.raises(ValueError, match='both fill the temporal slot'):
        oracle_results(tmp_path / 'a', build(tracker_cfg()), TRUTH, hooks)
    with pytest.raises(ValueError, match='interval=0 must be at least 1'):
        OracleViewsHook(interval=0)


def test_former_name_of_the_hook_warns() -> None:
    with pytest.warns(FutureWarning, match='is now called mmeatrack.OracleViewsHook'):
        hook = HOOKS.build(dict(type='mmeatrack.TrueViewsHook', interval=3))
    assert isinstance(hook, OracleViewsHook)
    assert hook.interval == 3
