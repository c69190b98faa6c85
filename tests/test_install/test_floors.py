"""Imports of the package against the floors in docs/design.md."""

import ast
import re
from importlib.util import resolve_name
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from tests.test_install.helpers import ROOT, parse

Imports = Dict[str, Set[str]]  # names of imported modules of the package by importing module

STACK = {'torch', 'mmengine', 'mmcv', 'mmdet', 'mmcls', 'mmtrack', 'mmrazor'}


def read_floors(page: str) -> Dict[str, int]:
    """Floor of each room, from the rows ``| 4 | `models` | ... |`` of the page."""
    rows = re.findall(r'^\| (\d+) \| `(\w+)` \|', page, flags=re.MULTILINE)
    return {room: int(floor) for floor, room in rows}


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def read_package(root: Path, package: str = 'mmeatrack') -> Dict[str, Tuple[ast.Module, bool]]:
    """Syntax tree by module name, and whether the module is a package."""
    return {
        module_name(path, root): (parse(path), path.name == '__init__.py')
        for path in sorted((root / package).rglob('*.py'))
    }


def imported_names(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """Yield the dotted names that a module imports anywhere, each name of a ``from`` separately."""
    package = module if is_package else module.rpartition('.')[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name('.' * node.level + (node.module or ''), package)
            yield from (f'{base}.{alias.name}' for alias in node.names)


def internal_imports(root: Path, package: str = 'mmeatrack') -> Imports:
    """Modules of the package that each of its modules imports."""
    trees = read_package(root, package)
    imports: Imports = {}
    for module, (tree, is_package) in trees.items():
        found = set()
        for name in imported_names(tree, module, is_package):
            while name and name not in trees:
                name = name.rpartition('.')[0]
            found.add(name)
        imports[module] = found - {module, ''}
    return imports


def room_of(module: str) -> str:
    """Room of a module: ``models`` for ``mmeatrack.models.heads``, empty for the package."""
    return module.split('.')[1] if '.' in module else ''


def climbing(imports: Imports, floors: Dict[str, int]) -> List[str]:
    """Imports that do not go down a floor, as ``importer -> imported``."""
    return [
        f'{module} -> {imported}'
        for module, names in sorted(imports.items())
        for imported in sorted(names)
        if room_of(module) != room_of(imported)
        and room_of(module)
        and room_of(imported)
        and floors[room_of(imported)] >= floors[room_of(module)]
    ]


def cycles(imports: Imports) -> List[List[str]]:
    """Groups of modules that import each other: strongly connected components."""
    names = sorted(imports)
    matrix = [[other in imports[name] for other in names] for name in names]
    _, labels = connected_components(np.array(matrix), connection='strong')
    groups = [[name for name, each in zip(names, labels) if each == label] for label in set(labels)]
    return [group for group in groups if len(group) > 1]


FLOORS = read_floors((ROOT / 'docs' / 'design.md').read_text(encoding='utf-8'))


@pytest.fixture(scope='module')
def imports() -> Imports:
    return internal_imports(ROOT)


def test_table_lists_exactly_the_rooms_of_the_package(imports: Imports) -> None:
    rooms = {room_of(module) for module in imports} - {''}
    assert rooms == set(FLOORS)


def test_no_import_climbs(imports: Imports) -> None:
    assert climbing(imports, FLOORS) == []


def test_no_import_cycle(imports: Imports) -> None:
    assert cycles(imports) == []


LIGHT = {'deploy', 'files', 'tracking'}


def test_light_rooms_need_neither_torch_nor_openmmlab_when_imported() -> None:
    heavy = {
        module: name
        for module, (tree, is_package) in read_package(ROOT).items()
        if room_of(module) in LIGHT
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in imported_names(node, module, is_package)
        if name.split('.')[0] in STACK
    }
    assert heavy == {}


@pytest.mark.parametrize(
    ('line', 'expected'),
    [
        ('from toy.low import a', []),
        ('import toy.high.view', ['toy.mid.part -> toy.high.view']),
        ('from toy.high import view', ['toy.mid.part -> toy.high.view']),
        ('from ..high.view import draw', ['toy.mid.part -> toy.high.view']),
        ('def late():\n    from toy.high.view import draw', ['toy.mid.part -> toy.high.view']),
        ('from toy.side import b', ['toy.mid.part -> toy.side']),
    ],
)
def test_an_import_up_or_sideways_is_found(tmp_path: Path, line: str, expected: list) -> None:
    files = {'low': 'a = 1', 'side': 'b = 1', 'high/view': 'def draw(): ...', 'mid/part': line}
    for name, text in {**files, '__init__': '', 'high/__init__': '', 'mid/__init__': ''}.items():
        path = tmp_path / 'toy' / f'{name}.py'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    floors = read_floors('| 0 | `low` | x |\n| 1 | `mid` | x |\n| 1 | `side` | x |\n| 2 | `high` |')
    assert climbing(internal_imports(tmp_path, 'toy'), floors) == expected


def test_cycles_are_found() -> None:
    imports = {'a': {'b'}, 'b': {'c'}, 'c': {'b', 'd'}, 'd': set()}
    assert cycles(imports) == [['b', 'c']]
