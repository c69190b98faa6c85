"""Rules that hold for every file of the package: old Python's syntax, no print, no torchvision."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Iterator, Set

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


@pytest.mark.parametrize('path', FILES + SCRIPTS, ids=name_of)
def test_a_file_is_python_3_8_and_needs_no_torchvision(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding='utf-8'), feature_version=(3, 8))
    assert not BANNED & set(imported(tree))


@pytest.mark.parametrize('path', FILES, ids=name_of)
def test_a_file_of_the_package_logs_and_does_not_print(path: Path) -> None:
    calls: Set[int] = {
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == 'print'
    }
    assert not calls, f'print in lines {sorted(calls)}; use mmengine.logging.print_log'


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
