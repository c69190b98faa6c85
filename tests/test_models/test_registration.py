"""Registered classes are public in their package and found by their scoped names."""

import importlib
from types import ModuleType
from typing import Iterator, Tuple

import pytest
from mmengine.registry import Registry

import mmeatrack.datasets
import mmeatrack.engine
import mmeatrack.models
from mmeatrack import registry
from mmeatrack.registry import TASK_UTILS

# Classes whose public package is not the location of their registry.
ELSEWHERE = {'LayerOutputsRecorder': 'mmeatrack.models.distillers'}


def registered() -> Iterator[Tuple[str, str, type]]:
    """Registry, name and class of everything in the package's registries."""
    for kind in registry.__all__:
        ours: Registry = getattr(registry, kind)
        ours.import_from_location()
        for name, found in sorted(ours.module_dict.items()):
            if found.__module__.startswith('mmeatrack.'):
                yield kind, name, found


def home_of(kind: str, found: type) -> ModuleType:
    (location,) = getattr(registry, kind)._locations
    return importlib.import_module(ELSEWHERE.get(found.__name__, location))


def test_every_registered_class_is_public_in_its_package() -> None:
    hidden = [
        f'{home.__name__}.{found.__name__}'
        for kind, _, found in registered()
        for home in [home_of(kind, found)]
        if found.__name__ not in getattr(home, '__all__', [found.__name__])  # or a module
        or getattr(home, found.__name__) is not found
    ]
    assert hidden == []


def test_every_registered_class_is_found_by_its_scoped_name_from_the_root() -> None:
    found = {
        (kind, name): getattr(registry, kind).parent.get(f'mmeatrack.{name}')
        for kind, name, _ in registered()
    }
    assert len(found) > 40
    assert found == {(kind, name): cls for kind, name, cls in registered()}


@pytest.mark.parametrize('room', [mmeatrack.models, mmeatrack.engine, mmeatrack.datasets])
def test_every_public_class_of_parts_is_registered(room: ModuleType) -> None:
    classes = {cls for _, _, cls in registered()}
    public = {name: getattr(room, name) for name in room.__all__}
    assert [n for n, v in public.items() if isinstance(v, type) and v not in classes] == []


def test_recorder_is_found_by_mmrazors_name() -> None:
    """mmrazor appends 'Recorder' to the type in the config."""
    from mmeatrack.models.distillers import LayerOutputsRecorder

    assert TASK_UTILS.get('mmeatrack.LayerOutputsRecorder') is LayerOutputsRecorder
