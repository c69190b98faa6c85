import pytest
import torch
from mmengine.config import Config

from lab.costs.temporal_cost import build_trackers, store_config, time_frames
from tests.toys import TOKENS, mmtrack_scope, tracker_cfg


def test_trackers_differ_in_the_store_alone() -> None:
    config = Config(
        dict(
            model=tracker_cfg(),
            custom_hooks=[dict(type='Other'), dict(type='T', store=dict(interval=3))],
        )
    )
    with mmtrack_scope():
        store = store_config(config)
        trackers = build_trackers(config, store, 'cpu')
        seconds = time_frames(trackers, store['interval'], periods=2, device='cpu')
    assert store['interval'] == 3
    assert {name: times.shape for name, times in seconds.items()} == dict.fromkeys(trackers, (2, 3))
    states = {name: tracker.state for name, tracker in trackers.items()}
    assert {state.frame for state in states.values()} == {12}  # two intervals before, two timed
    assert states['without'].temporal is None
    assert states['concat'].temporal.shape[1] == TOKENS
    assert states['blend'].temporal is None
    assert not torch.equal(states['blend'].active_template, states['blend'].template)
    assert torch.equal(states['blend'].template, states['without'].template)
    for name in ('concat', 'blend'):
        assert states[name].store.statistics.stored == 4  # one view per interval


def test_an_automatic_interval_is_refused() -> None:
    config = Config(dict(custom_hooks=[dict(store=dict(interval='auto'))]))
    with pytest.raises(ValueError, match='give a number with --interval'):
        store_config(config)
    assert store_config(config, 4)['interval'] == 4
