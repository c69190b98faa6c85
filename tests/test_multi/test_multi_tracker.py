"""MultiTracker against single-target trackers, targets that come and go, and the rules."""

import dataclasses

import numpy as np
import pytest
import torch

from mmeatrack import MultiTracker
from mmeatrack.multi import TrackRules
from tests.toys import build, tracker_cfg, video

# Every frame is stored; the views are read every second frame.
STORE = dict(type='mmeatrack.TargetStore', threshold=0.0, interval=2, num_samples=2)
CONFIDENCE = dict(type='mmeatrack.CalibratedConfidence', weights=[0, 0, 5, 3, 0], bias=0)
ALONE = TrackRules(unsure_for=None, sweep=0, crossing_frames=None, remove_after=None)
BOXES = [(70.0, 50.0, 20.0, 20.0), (20.0, 30.0, 16.0, 24.0), (110.0, 80.0, 30.0, 18.0)]


@pytest.fixture(scope='module')
def frames() -> list:
    return [frame[0].permute(1, 2, 0).numpy().copy() for frame in video(9)]


def toy(**kwargs) -> torch.nn.Module:
    """A tracker whose peak does not depend on the last bits of random weights."""
    tracker = build(tracker_cfg(**kwargs)).eval()
    with torch.no_grad():
        for parameter in tracker.head.parameters():
            parameter.mul_(3)
    return tracker


def single(model, frames, box) -> list:
    """Box xywh, score and lost of a single-target tracker in each frame after the first."""
    x, y, w, h = box
    rows = []
    with torch.no_grad():
        model.state = model.start(model.as_image(frames[0]), (x + w / 2, y + h / 2, w, h))
        for frame in frames[1:]:
            (found,) = model.track(model.as_image(frame), [])
            x1, y1, x2, y2 = found.bboxes[0].tolist()
            rows.append((x1, y1, x2 - x1, y2 - y1, float(found.scores), bool(found.lost)))
    return rows


def start(frame, model=None, rules=ALONE, box=BOXES[0]) -> MultiTracker:
    """A tracker with one target, 1."""
    tracker = MultiTracker(model or toy(), rules)
    assert tracker.add(frame, box) == 1
    return tracker


def by_id(tracks) -> dict:
    return {track.id: (*track.box_xywh, track.score, track.lost) for track in tracks}


@pytest.mark.parametrize(
    'kwargs',
    [
        dict(temporal=STORE, confidence=CONFIDENCE),
        dict(temporal=dict(STORE, fusion='blend'), test_cfg=dict(fill_slot=True)),
        dict(backbone=dict(box_embed=True), test_cfg=dict(size_smoothing=0.5, size_prior=0.1)),
    ],
)
def test_tracks_equal_those_of_single_trackers_as_targets_come_and_go(frames, kwargs) -> None:
    """Targets join in frames 2 and 3 and leave in frame 5; their slots differ in length."""
    model = toy(**kwargs)
    expected = {
        1: single(model, frames, BOXES[0]),
        7: single(model, frames[2:], BOXES[1]),
        8: single(model, frames[3:], BOXES[2]),
    }
    tracker = start(frames[0], model)
    found = {1: [], 7: [], 8: []}
    for number, frame in enumerate(frames):
        if number:
            for key, row in by_id(tracker.track(frame)).items():
                found[key].append(row)
        if number == 2:
            assert tracker.add(frame, BOXES[1], id=7) == 7
        if number == 3:
            assert tracker.add(frame, BOXES[2]) == 8
        if number == 5:
            tracker.remove(1)
    assert tracker.ids == [7, 8]
    assert len(found[1]) == 5
    for key, rows in found.items():
        np.testing.assert_allclose(rows, expected[key][: len(rows)], atol=1e-3)


def test_a_frame_takes_one_call_of_the_network_and_none_without_targets(frames) -> None:
    model = toy()
    tracker = MultiTracker(model)
    calls = []
    locate = model.locate
    model.locate = lambda *args: calls.append(len(args[1])) or locate(*args)
    assert tracker.track(frames[0]) == []
    for box in BOXES:
        tracker.add(frames[0], box)
    tracker.track(frames[1])
    assert calls == [3]


def test_id_may_be_a_numpy_integer(frames) -> None:
    tracker = MultiTracker(toy())
    found = tracker.add(frames[0], BOXES[0], id=np.int64(3))
    assert (found, type(found), tracker.add(frames[0], BOXES[1])) == (3, int, 4)


def test_box_outside_the_frame_is_refused_and_other_targets_continue(frames) -> None:
    tracker = start(frames[0])
    with pytest.raises(ValueError, match='outside the image'):
        tracker.add(frames[0], (160, 50, 20, 20))
    assert tracker.add(frames[0], BOXES[1]) == 2
    assert [track.id for track in tracker.track(frames[1])] == [1, 2]


@pytest.mark.parametrize(
    ('id', 'message'), [(3, 'never reused'), (5, 'never reused'), (-1, '0 or more'), ('a', 'whole')]
)
def test_ids_are_never_reused(frames, id, message) -> None:
    tracker = MultiTracker(toy())
    tracker.add(frames[0], BOXES[0], id=3)
    tracker.add(frames[0], BOXES[1], id=5)
    tracker.remove(5)
    with pytest.raises(ValueError, match=message):
        tracker.add(frames[0], BOXES[1], id=id)
    assert tracker.add(frames[0], BOXES[1]) == 6
    with pytest.raises(KeyError, match=r'there are \[3, 6\]'):
        tracker.remove(5)


def test_frame_of_another_size_is_refused_and_tracks_continue(frames) -> None:
    model = toy()
    expected = single(model, frames[:3], BOXES[0])
    tracker = start(frames[0], model)
    tracker.track(frames[1])
    with pytest.raises(ValueError, match='80x60 px after frames of 160x120'):
        tracker.track(frames[1][::2, ::2].copy())
    with pytest.raises(ValueError, match='float64'):
        tracker.track(frames[1] / 255)
    (track,) = tracker.track(frames[2])
    np.testing.assert_allclose((*track.box_xywh, track.score, track.lost), expected[1], atol=1e-3)


def test_model_without_the_networks_methods_is_refused() -> None:
    with pytest.raises(TypeError, match=r'Linear has no .*locate'):
        MultiTracker(torch.nn.Linear(1, 1))


# Corrections by the user


def test_refresh_replaces_the_template_and_keeps_the_stored_views(frames) -> None:
    model = toy(temporal=STORE)
    tracker = start(frames[0], model)
    for frame in frames[1:4]:
        tracker.track(frame)
    state = tracker._targets[1].state
    stored, box = [entry.frame for entry in state.store.entries], state.box
    tracker.refresh_template(frames[3])
    image = model.as_image(frames[3])
    torch.testing.assert_close(state.template, model.encode_template(image, box))
    assert state.active_template is state.template
    assert state.box == box
    assert [entry.frame for entry in state.store.entries] == stored
    tracker.refresh_template(frames[3], (30, 20, 12, 16), id=1)
    assert state.box == state.first_box == (36.0, 28.0, 12.0, 16.0)
    torch.testing.assert_close(state.template, model.encode_template(image, state.box))
    torch.testing.assert_close(
        state.temporal[0, -4:], state.store.entries[-1].tokens, atol=1e-6, rtol=0
    )


def test_replaced_target_starts_afresh_under_its_id(frames) -> None:
    model = toy(temporal=STORE)
    expected = single(model, frames[4:7], BOXES[1])
    tracker = start(frames[0], model)
    tracker.add(frames[0], BOXES[2])
    for frame in frames[1:5]:
        tracker.track(frame)
    with pytest.raises(KeyError, match='id=None'):
        tracker.replace_target(frames[4], BOXES[1])
    with pytest.raises(ValueError, match='above 0'):
        tracker.replace_target(frames[4], (1, 2, 0, 5), id=1)
    tracker.replace_target(frames[4], BOXES[1], id=1)
    assert tracker.ids == [1, 2]
    rows = [by_id(tracker.track(frame))[1] for frame in frames[5:7]]
    np.testing.assert_allclose(rows, expected, atol=1e-3)


# Rules


def test_id_of_a_single_target_may_be_omitted_and_a_dict_of_rules_is_refused(frames) -> None:
    model = build(tracker_cfg()).eval()
    with pytest.raises(TypeError, match=r"rules={'sweep': 0}: give mmeatrack\.multi\.TrackRules"):
        MultiTracker(model, {'sweep': 0})
    tracker = MultiTracker(model, ALONE)
    with pytest.raises(KeyError, match='id=None: there is no such target'):
        tracker.remove()
    tracker.add(frames[0], (70, 50, 20, 20))
    tracker.remove()
    assert tracker.ids == []


def test_lost_target_is_removed_after_remove_after_frames(frames) -> None:
    model = toy(lost_detector=dict(lost_below=1.0, found_above=1.0, patience=2))
    tracker = start(frames[0], model, dataclasses.replace(ALONE, remove_after=3))
    states = [track.status.state for frame in frames[1:] for track in tracker.track(frame)]
    assert states == ['coasting', 'lost', 'lost', 'removed']
    assert tracker.ids == []
    assert tracker.add(frames[0], BOXES[0]) == 2


def test_refresh_of_a_lost_target_needs_a_box_and_restarts_its_removal(frames) -> None:
    model = toy(lost_detector=dict(lost_below=1.0, found_above=1.0, patience=2))
    tracker = start(frames[0], model, dataclasses.replace(ALONE, remove_after=3))
    for frame in frames[1:4]:
        tracker.track(frame)
    with pytest.raises(ValueError, match='is lost: its last box shows something else'):
        tracker.refresh_template(frames[3])
    tracker.refresh_template(frames[3], BOXES[1])
    states = [track.status.state for frame in frames[4:7] for track in tracker.track(frame)]
    assert states == ['lost', 'lost', 'removed']


@pytest.mark.parametrize(
    ('name', 'value'),
    dict(sweep=-1, sweep_growth=-0.1, coast_for=0, remove_after=1.5, crossing_overlap=1).items(),
)
def test_bad_rules_are_refused(name, value) -> None:
    with pytest.raises(ValueError, match=name):
        TrackRules(**{name: value})


def test_target_that_stays_unsure_counts_as_lost_and_is_searched_for(frames) -> None:
    """Scores between both thresholds: never sure, never lost by the detector alone."""
    model = toy(lost_detector=dict(lost_below=0.0, found_above=0.99))
    rules = TrackRules(unsure_for=3, sweep=4, sweep_growth=None)
    tracker = start(frames[0], model, rules, BOXES[1])
    sizes = []
    locate = model.locate
    model.locate = lambda *args: sizes.append(len(args[1])) or locate(*args)
    lost = [tracker.track(frame)[0].lost for frame in frames[1:6]]
    assert lost == [False, False, True, True, True]
    assert sizes == [1, 1, 1, 5, 5]
    tracker.refresh_template(frames[5], BOXES[0])
    assert [tracker.track(frame)[0].lost for frame in frames[6:9]] == [False, False, True]
