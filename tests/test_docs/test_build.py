"""Build of the documentation, where the packages of requirements/docs.txt are installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

for package in ('mkdocs', 'material', 'mkdocstrings'):
    pytest.importorskip(package, reason=f'{package} is not installed: requirements/docs.txt')

pytestmark = pytest.mark.slow


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / 'docs', tmp_path / 'docs')
    shutil.copytree(ROOT / 'mmeatrack', tmp_path / 'mmeatrack')
    shutil.copy(ROOT / 'mkdocs.yml', tmp_path)
    return tmp_path


def build(folder: Path) -> 'subprocess.CompletedProcess[str]':
    return subprocess.run(
        [sys.executable, '-m', 'mkdocs', 'build', '--strict'],
        cwd=folder,
        env=dict(os.environ, NO_MKDOCS_2_WARNING='1'),
        capture_output=True,
        text=True,
    )


def test_pages_and_reference_are_built(copy: Path) -> None:
    done = build(copy)
    assert done.returncode == 0, done.stderr
    page = (copy / 'work_dirs' / 'site' / 'reference' / 'apis' / 'index.html').read_text()
    assert 'id="mmeatrack.apis.load_tracker"' in page
    assert ':class:' not in page


@pytest.mark.parametrize('link', ['[x](nowhere.md)', '[x](design.md#nowhere)', '[x][mmeatrack.No]'])
def test_a_broken_link_fails_the_build(copy: Path, link: str) -> None:
    (copy / 'docs' / 'reference' / 'models.md').write_text('# Models\n')  # a shorter build
    with open(copy / 'docs' / 'install.md', 'a') as page:
        page.write(f'\n{link}\n')
    done = build(copy)
    assert done.returncode == 1
    assert 'install.md' in done.stderr
