"""Targets of the Makefile, mostly by dry runs."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.test_install.helpers import ROOT, run_make


def dry_run(*arguments: str) -> str:
    """Return the commands that make would run."""
    done = run_make('-n', *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


PYTEST = '{venv}/bin/python -m pytest -n 2 --dist worksteal'


@pytest.mark.parametrize(
    ('target', 'last'),
    [
        ('install', 'touch {venv}/.mmeatrack-installed'),
        ('test', PYTEST),
        ('demo', '{venv}/bin/python tools/demo.py'),
        ('test-fast', f"{PYTEST} -m 'not slow'"),
        ('coverage', f'{PYTEST} --cov=mmeatrack --cov-report=term-missing:skip-covered'),
        ('docs', 'NO_MKDOCS_2_WARNING=1 {venv}/bin/mkdocs build --strict'),
        ('check', '{venv}/bin/mypy mmeatrack'),
    ],
)
def test_each_target_creates_the_environment_first(tmp_path: Path, target: str, last: str) -> None:
    venv = tmp_path / 'venv'
    lines = dry_run(target, f'VENV={venv}').splitlines()
    assert any('tools/install/preflight.py' in line for line in lines)
    order = [
        next(i for i, line in enumerate(lines) if word in line)
        for word in (
            '-m venv',
            'torch>=1.13',
            'requirements/runtime.txt',
            '--no-deps -r requirements/openmmlab.txt',
            'build_mmcv.py',
            '-e .',
            'verify.py',
        )
    ]
    assert order == sorted(order)
    assert lines[-1] == last.format(venv=venv)


def test_a_finished_environment_is_left_alone(tmp_path: Path) -> None:
    stamp = tmp_path / '.mmeatrack-installed'
    stamp.touch()
    assert dry_run('test', f'VENV={tmp_path}') == PYTEST.format(venv=tmp_path) + '\n'


def test_python_and_torch_can_be_chosen(tmp_path: Path) -> None:
    output = dry_run('install', f'VENV={tmp_path}/v', 'PYTHON=python3.9', 'TORCH=torch==2.4.1')
    assert f'python3.9 -m venv {tmp_path}/v' in output
    assert '-m pip --disable-pip-version-check install torch==2.4.1' in output


def test_clean_removes_environments_only(tmp_path: Path) -> None:
    (tmp_path / 'work').mkdir()
    (tmp_path / 'work' / 'thesis.txt').write_text('kept')
    done = run_make('clean', f'VENV={tmp_path}/work')
    assert done.returncode != 0
    assert 'is not a virtual environment' in done.stderr
    (tmp_path / 'venv').mkdir()
    (tmp_path / 'venv' / 'pyvenv.cfg').touch()
    assert run_make('clean', f'VENV={tmp_path}/venv').returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ['work']
    assert (tmp_path / 'work' / 'thesis.txt').read_text() == 'kept'


def test_help_lists_every_target() -> None:
    listed = [line.split()[0] for line in run_make('help').stdout.splitlines()]
    assert {'help', 'install', 'demo', 'test', 'check', 'clean'} <= set(listed)


def test_check_is_lint_format_spelling_floors_and_types(tmp_path: Path) -> None:
    (tmp_path / '.mmeatrack-installed').touch()
    output = dry_run('check', f'VENV={tmp_path}')
    steps = [line.split('bin/')[1].split()[0] for line in output.splitlines()]
    assert steps == ['ruff', 'ruff', 'codespell', 'python', 'mypy']
    assert 'pytest -q --no-header tests/test_install/test_floors.py' in output


def test_ci_runs_both_and_ends_with_the_tests() -> None:
    script = ROOT / '.ci' / 'run'
    assert os.access(script, os.X_OK)
    lines = script.read_text().splitlines()
    assert 'set -euo pipefail' in lines
    assert lines[-2].endswith('make --no-print-directory check')
    assert lines[-1].endswith('make --no-print-directory test')
    subprocess.run(['bash', '-n', str(script)], check=True)
