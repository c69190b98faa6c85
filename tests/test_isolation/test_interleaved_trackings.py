"""Interleaved trackings with one model: each gives the same results as alone."""

from copy import deepcopy
from typing import Any, Callable, Iterator, List, Optional, Tuple

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmeatrack.apis import TrackResult, track_frames
from mmeatrack.apis.inference import TEST_PIPELINE
from tests.test_isolation.toy_flights import STORE, WAVERING
from tests.toys import build, distill_cfg, mmtrack_scope, video

BOX_XYWH = (70.0, 50.0, 20.0, 20.0)  # toys.FIRST_BOX
TRACKER = dict(WAVERING, temporal=dict(STORE, type='mmeatrack.TargetStore'))
Row = Tuple[Optional[float], ...]


def images(seed: int, num_frames: int) -> List[np.ndarray]:
    return [frame[0].permute(1, 2, 0).numpy().copy() for frame in video(num_frames, seed)]


def row(result: TrackResult) -> Row:
    return (*result.box_xywh, result.score, result.lost)


def alone(model: Any, frames: List[np.ndarray]) -> List[Row]:
    return [row(result) for result in track_frames(model, frames, BOX_XYWH)]


@pytest.fixture(params=[TRACKER, distill_cfg(architecture=TRACKER)], ids=['tracker', 'algorithm'])
def make_model(request: pytest.FixtureRequest) -> Iterator[Callable[[], Any]]:
    """Function that builds equal models, trackers or distillation algorithms."""

    def make() -> Any:
        model = build(deepcopy(request.param)).eval()
        model.cfg = Config(dict(test_dataloader=dict(dataset=dict(pipeline=TEST_PIPELINE))))
        return model

    with mmtrack_scope():
        yield make


def test_interleaved_trackings_are_independent(make_model: Callable[[], Any]) -> None:
    videos = [images(1, 9), images(2, 12), images(0, 7)]
    expected = [alone(make_model(), frames) for frames in videos]
    model = make_model()
    running = [track_frames(model, frames, BOX_XYWH) for frames in videos]
    found: List[List[Row]] = [[], [], []]
    turns = np.random.default_rng(0).permutation([0] * 9 + [1] * 12 + [2] * 7)
    assert (turns[1:] != turns[:-1]).sum() > 14

    for turn in turns:
        found[turn].append(row(next(running[turn])))

    assert found == expected
    assert [next(each, None) for each in running] == [None] * 3


def test_abandoned_tracking_leaves_no_state(make_model: Callable[[], Any]) -> None:
    expected = alone(make_model(), images(2, 8))
    model = make_model()
    abandoned = track_frames(model, images(1, 9), BOX_XYWH)
    for _ in range(6):
        next(abandoned)
    assert alone(model, images(2, 8)) == expected


def test_failed_tracking_does_not_affect_another(make_model: Callable[[], Any]) -> None:
    expected = alone(make_model(), images(2, 8))
    model = make_model()
    running = track_frames(model, images(2, 8), BOX_XYWH)
    found = [row(next(running)) for _ in range(4)]
    with pytest.raises(ValueError, match='frame 3 is'):
        alone(model, [*images(1, 3), np.zeros((4, 4))])
    assert found + [row(result) for result in running] == expected


def test_target_store_has_an_effect(make_model: Callable[[], Any]) -> None:
    """Otherwise the tests above would show little."""
    model = make_model()
    with_store = alone(model, images(1, 9))
    getattr(model, 'student', model).set_temporal(None)
    without = alone(model, images(1, 9))
    assert with_store[:3] == without[:3]
    assert with_store[3:] != without[3:]


def test_targets_are_lost_and_found(make_model: Callable[[], Any]) -> None:
    """Otherwise the tests above would not show that this state belongs to the video."""
    model = make_model()
    lost = [[result[-1] for result in alone(model, images(seed, 7))] for seed in range(3)]
    assert [states[0] for states in lost] == [None] * 3
    assert {state for states in lost for state in states[1:]} == {False, True}


def test_lost_is_in_the_result(
    monkeypatch: pytest.MonkeyPatch, make_model: Callable[[], Any]
) -> None:
    model = make_model()
    tracker = getattr(model, 'student', model)
    track = tracker.track

    def lost_in_frame_2(img: torch.Tensor, data_samples: list) -> list:
        results = track(img, data_samples)
        results[0].lost = torch.tensor([tracker.memo.frame_id == 2])
        return results

    monkeypatch.setattr(tracker, 'track', lost_in_frame_2)
    lost = [result.lost for result in track_frames(model, images(1, 4), BOX_XYWH)]
    assert lost == [None, False, True, False]
