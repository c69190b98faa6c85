import pytest
from mmengine.config import Config

from mmeatrack.engine import TemporalAdaptationHook
from mmeatrack.models.trackers.eatrack import store_of_hooks

STORE = dict(interval=7)
EXPECTED = dict(type='mmeatrack.TargetStore', interval=7)


class OwnHook(TemporalAdaptationHook):
    """User-defined subclass of the hook."""


NAMES = {
    'name': 'mmeatrack.TemporalAdaptationHook',
    'short path': 'mmeatrack.engine.TemporalAdaptationHook',
    'full path': 'mmeatrack.engine.hooks.temporal_adaptation_hook.TemporalAdaptationHook',
    'class': TemporalAdaptationHook,
    'subclass': OwnHook,
    'unscoped': 'TemporalAdaptationHook',
}


@pytest.mark.parametrize('kind', list(NAMES.values()), ids=list(NAMES))
def test_hook_is_recognised_by_all_its_names(kind) -> None:
    hooks = [dict(type='EMAHook'), dict(type=kind, store=STORE), dict(type='mmdet.SyncNormHook')]
    assert store_of_hooks(dict(custom_hooks=hooks)) == EXPECTED
    assert store_of_hooks(Config(dict(custom_hooks=hooks))) == EXPECTED


def test_hook_without_arguments_gives_the_default_store() -> None:
    hook = dict(type='mmeatrack.TemporalAdaptationHook')
    assert store_of_hooks(dict(custom_hooks=[hook])) == dict(type='mmeatrack.TargetStore')


def test_hook_may_be_an_instance_or_a_default_hook() -> None:
    instance = TemporalAdaptationHook(store=STORE)
    assert store_of_hooks(dict(custom_hooks=[instance])) == EXPECTED
    default = dict(temporal=dict(type='mmeatrack.TemporalAdaptationHook', store=STORE), timer=None)
    assert store_of_hooks(dict(default_hooks=default)) == EXPECTED


@pytest.mark.parametrize(
    'cfg',
    [
        dict(),
        dict(custom_hooks=None, default_hooks=None),
        dict(custom_hooks=[dict(type='mmeatrack.StudentExportHook')]),
        dict(custom_hooks=[dict(type='not_installed.TemporalAdaptationHook')]),
    ],
)
def test_other_hooks_give_no_store(cfg: dict) -> None:
    assert store_of_hooks(cfg) is None


def test_misspelt_hook_of_this_package_is_an_error() -> None:
    hook = dict(type='mmeatrack.TemporalAdaptionHook')
    with pytest.raises(ValueError, match=r'mmeatrack\.TemporalAdaptionHook'):
        store_of_hooks(dict(custom_hooks=[hook]))
