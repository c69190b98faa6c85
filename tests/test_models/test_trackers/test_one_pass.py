"""Conditions of tracking: mode, precision, weights, and the config that mmtrack keeps."""

import copy
import logging
import pickle
from typing import Callable
from unittest import mock

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.logging.logger import MMFormatter

from mmeatrack.models import EATrack
from tests.toys import (
    TOKENS,
    build,
    distill_cfg,
    follow,
    logged,
    tracker_cfg,
    training_batch,
    video,
)

STORE = dict(type='mmeatrack.TargetStore', threshold=0.0, interval=2)


@pytest.fixture
def tracker() -> EATrack:
    return build(tracker_cfg()).eval()


# Mode


@pytest.mark.parametrize('part', ['', 'head', 'backbone.joint_stage.1', 'head.score_branch.0.1'])
def test_tracking_in_training_mode_is_refused(tracker, part: str) -> None:
    frames = video(3)
    follow(tracker, frames[:2])
    tracker.get_submodule(part).train()
    for first in (0, 2):
        with pytest.raises(RuntimeError, match=r'in training mode, .*call model\.eval\(\)'):
            follow(tracker, frames[first:], first_frame=first)
    tracker.eval()
    assert follow(tracker, frames[2:], first_frame=2).shape == (1, 5)


def test_frame_of_another_size_is_refused_without_side_effects(tracker) -> None:
    frames = video(3)
    expected = follow(tracker, frames)
    follow(tracker, frames[:2])
    with pytest.raises(ValueError, match=r'80x60 px after frames of 160x120.*Resize it'):
        follow(tracker, [frames[2][..., :60, :80]], first_frame=2)
    assert torch.equal(follow(tracker, frames[2:], first_frame=2), expected[2:])


def test_tracker_can_be_pickled_in_the_middle_of_a_video() -> None:
    tracker, frames = build(tracker_cfg(temporal=STORE)).eval(), video(5)
    expected = follow(tracker, frames)
    follow(tracker, frames[:2])
    copied = pickle.loads(pickle.dumps(tracker))
    assert torch.equal(follow(copied, frames[2:], first_frame=2), expected[2:])


# Precision


@pytest.fixture
def sure_tracker() -> EATrack:
    """Tracker whose peak does not depend on the last bits of random weights."""
    tracker = build(tracker_cfg(temporal=STORE)).eval()
    with torch.no_grad():
        for parameter in tracker.head.parameters():
            parameter.mul_(3)
    return tracker


@pytest.mark.parametrize(
    ('dtype', 'pixels', 'score'),
    [('half', 0.2, 5e-3), ('bfloat16', 1.5, 3e-2), ('double', 1e-3, 1e-5)],
)
def test_other_precisions_give_nearly_the_same(
    sure_tracker, dtype: str, pixels: float, score: float
) -> None:
    frames = video(6)
    expected = follow(sure_tracker, frames)
    found = follow(getattr(sure_tracker, dtype)(), frames)
    assert found.dtype == torch.float32
    assert sure_tracker.state.store.statistics.activations == 2
    torch.testing.assert_close(found[:, :4], expected[:, :4], atol=pixels, rtol=0)
    torch.testing.assert_close(found[:, 4], expected[:, 4], atol=score, rtol=0)


def test_autocast_gives_nearly_the_same(sure_tracker) -> None:
    frames = video(6)
    expected = follow(sure_tracker, frames)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = follow(sure_tracker, frames)
    assert found.dtype == torch.float32
    assert not torch.equal(found, expected)
    torch.testing.assert_close(found[:, :4], expected[:, :4], atol=1.5, rtol=0)
    torch.testing.assert_close(found[:, 4], expected[:, 4], atol=3e-2, rtol=0)


# Weights


def errors_of_tracking(tracker: EATrack) -> list:
    logger = MMLogger.get_current_instance()
    with mock.patch.object(logger, 'log') as log:
        follow(tracker, video(2))
        follow(tracker, video(2))
    return [args[1] for args, _ in log.call_args_list if args[0] == logging.ERROR]


def test_random_weights_are_logged_once_as_an_error(tracker) -> None:
    (message,) = errors_of_tracking(tracker)
    assert 'its weights are random' in message
    assert '--checkpoint FILE' in message
    assert errors_of_tracking(tracker) == []


def test_errors_are_red_on_a_terminal() -> None:
    assert MMFormatter._color_mapping['ERROR'] == 'red'


def test_loaded_weights_are_not_random(tracker) -> None:
    tracker.load_state_dict(build(tracker_cfg(), seed=1).state_dict())
    assert errors_of_tracking(tracker) == []


def test_trained_weights_are_not_random(tracker) -> None:
    tracker.train()(*training_batch(), mode='loss')
    assert errors_of_tracking(tracker.eval()) == []


# Config


def test_config_with_the_hook_switches_the_store_on(tracker) -> None:
    assert not hasattr(tracker, 'cfg')
    plain = follow(tracker, video(6))
    hook = dict(type='mmeatrack.TemporalAdaptationHook', store=dict(threshold=0.0, interval=2))
    tracker.cfg = config = Config(dict(custom_hooks=[hook]))
    assert tracker.cfg is config
    assert tracker.temporal_cfg == dict(hook['store'], type='mmeatrack.TargetStore')
    assert not torch.equal(follow(tracker, video(6)), plain)
    assert tracker.state.store.statistics.activations == 2


def test_config_of_a_distillation_reaches_its_student() -> None:
    model = build(distill_cfg())
    assert not hasattr(model, 'cfg')
    model.cfg = config = Config(dict(custom_hooks=[dict(type='TemporalAdaptationHook')]))
    assert model.cfg is config
    assert model.student.temporal_cfg == dict(type='mmeatrack.TargetStore')


def test_config_without_the_hook_keeps_the_store_of_the_model() -> None:
    tracker = build(tracker_cfg(temporal=STORE))
    tracker.cfg = Config(dict(custom_hooks=[]))
    assert tracker.temporal_cfg == STORE


# Fast path


def calibrated() -> dict:
    """Parts that use the cues: a calibrated score, a lost detector and a store."""
    confidence = dict(
        type='mmeatrack.CalibratedConfidence', weights=[1.0, 0.2, 2.0, 0.5, -3.0], bias=-1.0
    )
    detector = dict(lost_below=0.3, found_above=0.4, patience=2)
    return dict(confidence=confidence, lost_detector=detector, temporal=dict(STORE, interval=3))


@pytest.mark.parametrize(
    'parts', [dict(backbone=dict(stem='conv')), dict(temporal=STORE), calibrated()]
)
@pytest.mark.parametrize('seed', [0, pytest.param(1, marks=pytest.mark.slow)])
def test_fast_path_gives_the_same_boxes_as_the_plain_one(parts: dict, seed: int) -> None:
    trackers = {}
    for fast in (True, False):
        test_cfg = dict(fast=fast, lost_search_factor=6.0)
        tracker = build(tracker_cfg(**parts, test_cfg=test_cfg), seed=seed)
        for step in range(3):  # batch norms that are not the identity
            tracker.train()(*training_batch(seed=step), mode='loss')
        trackers[fast] = tracker.eval()
    frames = video(30, seed)
    found, expected = (follow(trackers[fast], frames) for fast in (True, False))
    torch.testing.assert_close(found[:, :4], expected[:, :4], atol=1e-3, rtol=0)
    torch.testing.assert_close(found[:, 4], expected[:, 4], atol=1e-6, rtol=0)
    states = trackers[True].state, trackers[False].state
    assert states[0].cues == pytest.approx(states[1].cues, abs=1e-6)
    assert (states[0].store is None) == ('temporal' not in parts)


@pytest.mark.parametrize('name', ['fast', 'compile'])
def test_switches_must_be_true_or_false(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}='yes' must be True or False"):
        build(tracker_cfg(test_cfg={name: 'yes'}))


def pretended_compiler(shapes: list) -> Callable:
    """Fake ``torch.compile`` that records for which numbers of kept tokens it compiles."""

    def compile_network(network, **options):
        seen = set()

        def run(*inputs):
            if inputs[2].shape[1] not in seen:
                seen.add(inputs[2].shape[1])
                shapes.append(inputs[2].shape[1])
            return network(*inputs)

        assert options == dict(dynamic=False, options={'freezing': True})
        return run

    return compile_network


def test_network_is_compiled_at_the_first_frame_for_all_token_counts(monkeypatch) -> None:
    shapes: list = []
    monkeypatch.setattr(torch, 'compile', pretended_compiler(shapes), raising=False)
    store = dict(STORE, num_samples=2)
    frames = video(8)
    expected = follow(build(tracker_cfg(temporal=store)).eval(), frames)
    tracker = build(tracker_cfg(temporal=store, test_cfg=dict(compile=True))).eval()
    follow(tracker, frames[:1])
    assert shapes == [TOKENS, 2 * TOKENS, 3 * TOKENS]
    assert torch.equal(follow(tracker, frames), expected)
    assert tracker.state.temporal.shape[1] == 2 * TOKENS
    assert len(shapes) == 3
    tracker.head.score_branch[-1].bias.data.add_(1)  # other weights are compiled again
    follow(tracker, frames[:1])
    assert len(shapes) == 6


class WrappedError(RuntimeError):
    """Error that is wrapped as by torch."""

    inner_exception = ImportError('x.main.so: file too short')


@pytest.mark.parametrize(
    ('error', 'message'),
    [
        (
            RuntimeError('InvalidCxxCompiler: No working C++ compiler found\nin g++'),
            'No working C++ compiler found). Install a C++ compiler',
        ),
        (
            WrappedError('backend raised:'),
            '(ImportError: x.main.so: file too short). The cache of compiled code may be damaged, '
            'as after a full disk or a crash: delete /cache of code, or set compile=False',
        ),
    ],
)
def test_without_a_compiler_the_network_runs_uncompiled(monkeypatch, error, message: str) -> None:
    def refuse(network, **options):
        raise error

    monkeypatch.setenv('TORCHINDUCTOR_CACHE_DIR', '/cache of code')

    monkeypatch.setattr(torch, 'compile', refuse, raising=False)
    frames = video(4)
    expected = follow(build(tracker_cfg()).eval(), frames)
    tracker = build(tracker_cfg(test_cfg=dict(compile=True))).eval()
    with logged() as messages:
        found = follow(tracker, frames)
        follow(tracker, frames)
    assert torch.equal(found, expected)
    (warning,) = [each for each in messages if 'compile' in each]
    assert message in warning
    assert not tracker.state.network.runs_compiled
    assert copy.deepcopy(tracker).state.network is tracker.state.network
