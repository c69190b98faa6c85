"""Imports of the package against the floors written down in docs/design.md."""

import ast
import re
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import pytest

from tests.test_install.helpers import ROOT, parse

Imports = Dict[str, Set[str]]  # names of imported modules of the package by importing module

STACK = {'torch', 'mmengine', 'mmcv', 'mmdet', 'mmcls', 'mmtrack', 'mmrazor'}


def read_floors(page: str) -> Dict[str, int]:
    """The floor of each room, from the rows ``| 4 | `models` | ... |`` of the page."""
    rows = re.findall(r'^\| (\d+) \| `(\w+)` \|', page, flags=re.MULTILINE)
    return {room: int(floor) for floor, room in rows}


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def read_package(root: Path, package: str = 'mmeatrack') -> Dict[str, Tuple[ast.Module, bool]]:
    """The syntax tree of each module by its name, and whether it is a package."""
    return {
        module_name(path, root): (parse(path), path.name == '__init__.py')
        for path in sorted((root / package).rglob('*.py'))
    }


def imported_names(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """Yield the dotted names that a module imports, wherever in it; each name of a ``from``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                parts = module.split('.')
                parts = parts[: len(parts) - node.level + is_package]
                base = '.'.join([*parts, *([base] if base else [])])
            yield from (f'{base}.{alias.name}' for alias in node.names)


def internal_imports(root: Path, package: str = 'mmeatrack') -> Imports:
    """Modules of the package that each of its modules names in an import."""
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
    """``mmeatrack.models.heads`` is in the room ``models``; the package itself in none."""
    return module.split('.')[1] if '.' in module else ''


def climbing(imports: Imports, floors: Dict[str, int]) -> List[str]:
    """Imports that do not go down, as ``importer -> imported``."""
    return [
        f'{module} -> {imported}'
        for module, names in sorted(imports.items())
        for imported in sorted(names)
        if room_of(module) != room_of(imported)
        and room_of(module)
        and room_of(imported)
        and floors[room_of(imported)] >= floors[room_of(module)]
    ]


def circles(imports: Imports) -> List[List[str]]:
    """Groups of modules that import each other in a circle, by Tarjan's algorithm."""
    index: Dict[str, int] = {}
    low: Dict[str, int] = {}
    stack: List[str] = []
    found: List[List[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for imported in imports[module]:
            if imported not in index:
                visit(imported)
                low[module] = min(low[module], low[imported])
            elif imported in stack:
                low[module] = min(low[module], index[imported])
        if low[module] == index[module]:
            at = stack.index(module)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for module in imports:
        if module not in index:
            visit(module)
    return found


FLOORS = read_floors((ROOT / 'docs' / 'design.md').read_text(encoding='utf-8'))


@pytest.fixture(scope='module')
def imports() -> Imports:
    return internal_imports(ROOT)


def test_every_room_is_written_down_and_every_written_room_is_there(imports: Imports) -> None:
    rooms = {room_of(module) for module in imports} - {''}
    assert rooms == set(FLOORS)


def test_no_import_climbs(imports: Imports) -> None:
    assert climbing(imports, FLOORS) == []


def test_no_circle_of_modules(imports: Imports) -> None:
    assert circles(imports) == []


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


def test_circles_are_found() -> None:
    imports = {'a': {'b'}, 'b': {'c'}, 'c': {'b', 'd'}, 'd': set()}
    assert circles(imports) == [['b', 'c']]
