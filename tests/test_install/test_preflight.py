"""Preflight checks: one line with the remedy for each missing tool."""

import sys
from pathlib import Path

import pytest

from tests.scripts import load_script
from tests.test_install.helpers import run_make

preflight = load_script('install/preflight')


def test_this_machine_lacks_nothing() -> None:
    assert preflight.missing_tools() == []


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.delenv('CXX', raising=False)
    (line,) = preflight.missing_tools()
    assert line.startswith('There is no C++ compiler (c++ or g++)')
    assert 'apt-get install g++' in line


def test_cxx_selects_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('CXX', 'no-such-compiler -O2')
    (line,) = preflight.missing_tools()
    assert line.startswith('There is no C++ compiler (no-such-compiler -O2)')


def test_missing_debian_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, 'find_spec', lambda name: None)
    monkeypatch.setattr(preflight.sysconfig, 'get_paths', lambda: {'include': '/nowhere'})
    venv, headers = preflight.missing_tools()
    version = f'{sys.version_info[0]}.{sys.version_info[1]}'
    assert f'apt-get install python{version}-venv' in venv
    assert f'apt-get install python{version}-dev' in headers


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight.sys, 'version_info', (3, 7, 4))
    (line,) = preflight.missing_tools()
    assert 'is Python 3.7; 3.8 or newer is needed' in line


@pytest.mark.parametrize(
    ('variable', 'value', 'expected'),
    [
        ('PYTHON', 'no-such-python', 'make: there is no no-such-python'),
        ('CXX', 'no-such-compiler', 'make: There is no C++ compiler (no-such-compiler)'),
    ],
)
def test_make_stops_before_it_creates_anything(
    tmp_path: Path, variable: str, value: str, expected: str
) -> None:
    done = run_make('install', f'VENV={tmp_path}/venv', **{variable: value})
    assert done.returncode != 0
    assert done.stderr.startswith(expected)
    assert not (tmp_path / 'venv').exists()
