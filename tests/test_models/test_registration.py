import mmengine.registry
import pytest

import mmeatrack.engine
import mmeatrack.models
from mmeatrack.registry import TASK_UTILS


@pytest.mark.parametrize('name', mmeatrack.models.__all__)
def test_every_public_part_is_found_by_its_name(name: str) -> None:
    found = mmengine.registry.MODELS.get(f'mmeatrack.{name}')
    assert found is getattr(mmeatrack.models, name)


@pytest.mark.parametrize('name', mmeatrack.engine.__all__)
def test_every_public_hook_is_found_by_its_name(name: str) -> None:
    found = mmengine.registry.HOOKS.get(f'mmeatrack.{name}')
    assert found is getattr(mmeatrack.engine, name)


def test_recorder_is_found_by_the_name_that_mmrazor_asks_for() -> None:
    """mmrazor adds 'Recorder' to a recorder's type."""
    from mmeatrack.models.distillers import LayerOutputsRecorder

    assert TASK_UTILS.get('mmeatrack.LayerOutputsRecorder') is LayerOutputsRecorder
