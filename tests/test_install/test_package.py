"""Rules that hold for every file of the package: old Python's syntax, no print, no torchvision."""

import ast
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Iterator

import pytest

import mmeatrack
from tests.test_install.helpers import ROOT

FILES = sorted((ROOT / 'mmeatrack').rglob('*.py'))
SCRIPTS = [*sorted((ROOT / 'tools').rglob('*.py')), ROOT / 'setup.py']
BANNED = {'torchvision', 'timm'}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the top-level name of each module that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split('.')[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split('.')[0]


def test_all_files_are_python_3_8_and_need_no_torchvision() -> None:
    banned = {}
    for path in FILES + SCRIPTS:
        source = path.read_text(encoding='utf-8')
        tree = ast.parse(source, filename=name_of(path), feature_version=(3, 8))
        banned[name_of(path)] = sorted(BANNED & set(imported(tree)))
    assert {name: found for name, found in banned.items() if found} == {}


def test_the_package_logs_and_does_not_print() -> None:
    printing = [
        f'{name_of(path)}:{node.lineno}'
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == 'print'
    ]
    assert printing == [], 'use mmengine.logging.print_log'


def test_setup_reads_the_version_without_importing_the_package() -> None:
    code = (
        'import sys, setuptools\n'
        'setuptools.setup = lambda **given: print(given["version"], given["python_requires"])\n'
        'exec(compile(open("setup.py").read(), "setup.py", "exec"))\n'
        'assert not {"mmeatrack", "torch"} & set(sys.modules)\n'
    ).replace('exec(', '__file__ = "setup.py"; exec(')
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [mmeatrack.__version__, '>=3.8']


@pytest.mark.slow
def test_a_wheel_has_the_types_marker_and_the_tables_and_no_tools(tmp_path: Path) -> None:
    copy = tmp_path / 'source'
    copy.mkdir()
    shutil.copytree(ROOT / 'mmeatrack', copy / 'mmeatrack')
    for name in ('setup.py', 'pyproject.toml', 'README.md', 'LICENSE'):
        shutil.copy(ROOT / name, copy)
    (copy / 'tools' / 'lab').mkdir(parents=True)
    (copy / 'tools' / 'lab' / '__init__.py').touch()
    build = 'from setuptools import build_meta as b; import sys; print(b.build_wheel(sys.argv[1]))'
    subprocess.run(
        [sys.executable, '-c', build, str(tmp_path)], cwd=copy, check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob('*.whl')
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {'mmeatrack/py.typed', 'mmeatrack/files/sequence_tables/uav123.csv'} <= names
    folders = {name.split('/')[0] for name in names}
    assert folders == {'mmeatrack', f'mmeatrack-{mmeatrack.__version__}.dist-info'}
