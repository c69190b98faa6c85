"""Hooks act on their module's import only, and leave nothing on disk or after a failure."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Iterator, List

import pytest

from mmeatrack.compat import import_hook

PATCH = """
import ast, sys
from mmeatrack.compat import import_hook

def rewrite(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value == 'plain':
            node.value = 'rewritten'
    return tree

import_hook.add('toy.gate', rewrite=rewrite)
import toy.gate
print(toy.gate.VALUE, toy.gate.__file__.endswith('gate.py'))
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    package = tmp_path / 'toy'
    package.mkdir()
    (package / '__init__.py').write_text('ORDER = []\n')
    (package / 'gate.py').write_text("VALUE = 'plain'\nimport toy\ntoy.ORDER.append('module')\n")
    (package / 'broken.py').write_text('raise OSError("no such device")\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(import_hook._FINDER, 'hooks', dict(import_hook._FINDER.hooks))
    yield tmp_path
    for name in [name for name in sys.modules if name.split('.')[0] == 'toy']:
        del sys.modules[name]


def order() -> List[str]:
    return sys.modules['toy'].ORDER  # type: ignore[attr-defined]


def test_before_and_after_run_around_the_module(toy: Path) -> None:
    import toy as package  # type: ignore[import-not-found]

    def after(module: ModuleType) -> None:
        package.ORDER.append(f'after {module.__name__}')

    import_hook.add('toy.gate', before=lambda: package.ORDER.append('before'), after=after)
    import toy.gate  # type: ignore[import-not-found]

    assert order() == ['before', 'module', 'after toy.gate']


def test_loaded_module_is_patched_at_once(toy: Path) -> None:
    import toy.gate  # type: ignore[import-not-found]

    seen: List[ModuleType] = []
    import_hook.add('toy.gate', after=seen.append)
    assert seen == [toy.gate]


def test_error_in_before_stops_the_import(toy: Path) -> None:
    def refuse() -> None:
        raise RuntimeError('not here')

    import_hook.add('toy.gate', before=refuse)
    with pytest.raises(RuntimeError, match='not here'):
        import toy.gate  # type: ignore[import-not-found]  # noqa: F401
    assert 'toy.gate' not in sys.modules


def test_modules_own_error_is_raised(toy: Path) -> None:
    seen: List[ModuleType] = []
    import_hook.add('toy.broken', after=seen.append)
    with pytest.raises(OSError, match='no such device'):
        import toy.broken  # type: ignore[import-not-found]  # noqa: F401
    assert seen == []
    assert 'toy.broken' not in sys.modules


def test_rewritten_module_is_not_kept_as_bytecode(toy: Path) -> None:
    def run(code: str) -> str:
        done = subprocess.run(
            [sys.executable, '-c', code], cwd=toy, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    assert run(PATCH) == 'rewritten True'
    assert run('import toy.gate; print(toy.gate.VALUE)') == 'plain'
    assert run(PATCH) == 'rewritten True'  # despite the bytecode of the plain run
