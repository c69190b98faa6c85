"""Rules for every file of the package: Python 3.8's syntax, no print, no torchvision."""

import ast
import email
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Iterator, List

import pytest

import mmeatrack
from tests.test_install.helpers import ROOT, parse

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


@pytest.mark.slow
def test_all_files_are_python_3_8_and_need_no_torchvision() -> None:
    banned = {}
    for path in FILES + SCRIPTS:
        banned[name_of(path)] = sorted(BANNED & set(imported(parse(path))))
    assert {name: found for name, found in banned.items() if found} == {}


def test_conftests_import_the_libraries_in_fixtures_only() -> None:
    """The process that shares the tests out reads them all, and would import torch for nothing."""
    light = {'gc', 'os', 'pathlib', 'pytest', 'random', 'typing'}
    heavy = {
        name_of(path): sorted(found - light)
        for path in (ROOT / 'tests').rglob('conftest.py')
        for found in [set(imported(ast.Module(_top_level_imports(path), [])))]
    }
    assert len(heavy) > 1
    assert {name: found for name, found in heavy.items() if found} == {}


def test_the_package_logs_and_does_not_print() -> None:
    printing = [
        f'{name_of(path)}:{node.lineno}'
        for path in FILES
        for node in ast.walk(parse(path))
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


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel built from a copy of the sources."""
    folder = tmp_path_factory.mktemp('wheel')
    copy = folder / 'source'
    copy.mkdir()
    clean = shutil.ignore_patterns('__pycache__', '.mim')
    for name in ('mmeatrack', 'configs', 'requirements', 'tools'):
        shutil.copytree(ROOT / name, copy / name, ignore=clean)
    for name in ('setup.py', 'pyproject.toml', 'README.md', 'LICENSE', 'model-index.yml'):
        shutil.copy(ROOT / name, copy)
    build = 'from setuptools import build_meta as b; import sys; print(b.build_wheel(sys.argv[1]))'
    subprocess.run(
        [sys.executable, '-c', build, str(folder)], cwd=copy, check=True, capture_output=True
    )
    (path,) = folder.glob('*.whl')
    return path


@pytest.mark.slow
def test_wheel_has_what_mim_needs_and_nothing_repository_only(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    mim = 'mmeatrack/.mim'
    assert {
        'mmeatrack/py.typed',
        'mmeatrack/files/sequence_tables/uav123.csv',
        f'{mim}/model-index.yml',
        f'{mim}/configs/eatrack/metafile.yml',
        f'{mim}/configs/_base_/models/eatrack_deit-tiny.py',
        f'{mim}/tools/train.py',
        f'{mim}/tools/video_demo.py',
    } <= names
    assert not [name for name in names if '/tools/lab/' in name or '/tools/install/' in name]
    tools = [name for name in names if re.match(rf'{mim}/tools/.+\.py', name)]
    sources = {name: zipfile.ZipFile(wheel).read(name).decode() for name in tools}
    assert not [name for name in tools if 'lab' in imported(ast.parse(sources[name]))]
    info = f'mmeatrack-{mmeatrack.__version__}.dist-info'
    metadata = email.message_from_bytes(zipfile.ZipFile(wheel).read(f'{info}/METADATA'))
    assert {'docs', 'synthetic'} <= set(metadata.get_all('Provides-Extra', []))
    needs = metadata.get_all('Requires-Dist', [])
    extra = [need for need in needs if need.startswith('mkdocs-material')]
    assert len(extra) == 1
    assert extra[0].replace('"', "'").endswith("extra == 'docs'")
    pythons = [line.split()[-1] for line in metadata.get_all('Classifier', []) if ':: 3.' in line]
    assert pythons == ['3.8', '3.9', '3.10', '3.11', '3.12', '3.13']
    folders = {name.split('/')[0] for name in names}
    assert folders == {'mmeatrack', info}


@pytest.mark.slow
def test_installed_wheel_provides_its_configs_anywhere(wheel: Path, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / 'site', tmp_path / 'elsewhere'
    elsewhere.mkdir()
    pip = [sys.executable, '-m', 'pip', 'install', '--quiet', '--no-deps', '--target', str(site)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    base = 'mmeatrack::eatrack/eatrack_deit-tiny_test-dtb70.py'
    (elsewhere / 'mine.py').write_text(f"_base_ = {base!r}\nwork_dir = 'x'\n", encoding='utf-8')
    code = (
        'import mmeatrack\n'
        'from mmengine.config import Config\n'
        'from mmengine.hub import get_config\n'
        f'config = get_config({base!r})\n'
        "print(mmeatrack.__file__, config.filename, config.model.type, sep='\\n')\n"
        "print(Config.fromfile('mine.py').model.backbone.joint_depth)\n"
    )
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        cwd=elsewhere,
        env={**os.environ, 'PYTHONPATH': str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    package, config, model, joint_depth = done.stdout.split()
    assert Path(package).is_relative_to(site) if sys.version_info >= (3, 9) else True
    assert '.mim' in Path(config).parts
    assert (model, joint_depth) == ('mmeatrack.EATrack', '2')


def _top_level_imports(path: Path) -> List[ast.stmt]:
    return [node for node in parse(path).body if isinstance(node, (ast.Import, ast.ImportFrom))]
