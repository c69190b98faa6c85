"""The requirement files pin compatible versions and agree with the checks at run time."""

from pathlib import Path
from typing import Dict, List

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mmeatrack.compat.versions import REQUIREMENTS
from tests.scripts import load_script
from tests.test_install.helpers import ROOT

FILES = sorted((ROOT / 'requirements').glob('*.txt'))


def read(path: Path) -> List[Requirement]:
    """Read a requirement file with one requirement per line."""
    lines = [line.split('  #')[0].strip() for line in path.read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith('#')]


def named(path: Path) -> Dict[str, Requirement]:
    return {requirement.name.lower(): requirement for requirement in read(path)}


def test_all_requirement_files_exist() -> None:
    names = {path.stem for path in FILES}
    assert names == {
        'build',
        'deploy',
        'docs',
        'openmmlab',
        'optional',
        'runtime',
        'synthetic',
        'tests',
        'web',
    }


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_files_parse_and_name_neither_torchvision_nor_its_dependents(path: Path) -> None:
    names = {requirement.name.lower() for requirement in read(path)}
    assert names
    # torchvision is a CUDA build that raises beside a CPU torch, and timm brings it.
    assert not names & {'torchvision', 'timm', 'torch', 'mmcv-full', 'mmcv-lite'}


def test_the_openmmlab_set_is_pinned_as_tested() -> None:
    pins = named(ROOT / 'requirements' / 'openmmlab.txt')
    for name, requirement in pins.items():
        assert str(requirement.specifier).startswith('=='), name
    for name in ('mmengine', 'mmtrack', 'mmdet', 'mmcls', 'mmrazor'):
        assert str(pins[name].specifier) == f'=={REQUIREMENTS[name].tested}'
    assert REQUIREMENTS['mmcv'].tested == load_script('install/build_mmcv').MMCV_VERSION


@pytest.mark.parametrize(
    ('version', 'python', 'fits'),
    [
        ('1.23.5', '3.8', True),
        ('1.24.4', '3.8', False),
        ('1.26.4', '3.11', False),
        ('2.0.2', '3.9', True),
        ('2.3.5', '3.11', True),
        ('2.4.0', '3.12', False),
    ],
)
def test_numpys_range_follows_python(version: str, python: str, fits: bool) -> None:
    entries = [
        requirement
        for requirement in read(ROOT / 'requirements' / 'runtime.txt')
        if requirement.name == 'numpy'
    ]
    (entry,) = [e for e in entries if e.marker and e.marker.evaluate({'python_version': python})]
    assert (Version(version) in entry.specifier) is fits
    if fits:  # what is installed must pass the check at import too
        assert Version(version) in SpecifierSet(REQUIREMENTS['numpy'].fits)


def test_setuptools_still_has_pkg_resources() -> None:
    entry = named(ROOT / 'requirements' / 'build.txt')['setuptools']
    assert Version('80.10.2') in entry.specifier
    assert Version('81.0.0') not in entry.specifier
