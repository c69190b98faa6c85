"""Help and scoring start without the heavy libraries."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_datasets.trees import boxes_of, write_boxes

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TOOLS = sorted(path for path in (ROOT / 'tools').glob('*.py'))
HEAVY = ('torch', 'mmcv', 'mmdet', 'mmtrack', 'mmrazor', 'matplotlib', 'pandas', 'scipy', 'sklearn')
RUN_WITHOUT = """
import runpy, sys
from importlib.machinery import PathFinder

class Blocker:
    def find_spec(self, name, path, target=None):
        if name in {heavy!r}.split():
            spec = PathFinder.find_spec(name, path, target)
            spec.loader = self
            return spec

    def create_module(self, spec):
        raise ImportError(f'{{spec.name}} is imported')

    def exec_module(self, module):
        pass

sys.meta_path.insert(0, Blocker())
for arguments in {runs!r}:
    sys.argv, sys.path[0] = arguments, {tools!r}
    try:
        runpy.run_path(arguments[0], run_name='__main__')
    except SystemExit as end:
        print('exit', arguments[0].split('/')[-1], end.code or 0)
"""


def run_without(heavy: str, *runs: list) -> subprocess.CompletedProcess:
    """Run tools one after another in a process without the named packages."""
    arguments = [[str(part) for part in run] for run in runs]
    code = RUN_WITHOUT.format(heavy=heavy, runs=arguments, tools=str(ROOT / 'tools'))
    return subprocess.run(
        [sys.executable, '-c', code],
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1', MPLBACKEND='Agg'),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_help_of_every_tool_needs_no_heavy_library() -> None:
    completed = run_without(' '.join(HEAVY), *([tool, '--help'] for tool in TOOLS))

    ends = [line for line in completed.stdout.splitlines() if line.startswith('exit ')]
    assert ends == [f'exit {tool.name} 0' for tool in TOOLS], completed.stderr
    assert completed.stdout.count('usage: ') >= len(TOOLS)


@pytest.mark.slow
def test_evaluate_scores_and_plots_before_the_stack_is_built(tmp_path: Path) -> None:
    for name in ('gt', 'Mine'):
        write_boxes(tmp_path / name / 'car1_s.txt', boxes_of(10))
    evaluate = ROOT / 'tools' / 'evaluate.py'
    inputs = ['--gt', tmp_path / 'gt', '--results', tmp_path / 'Mine']

    completed = run_without(
        'torch torchvision mmcv mmdet mmcls mmtrack mmrazor',
        [evaluate, *inputs, '--out', tmp_path / 'out'],
    )

    assert 'exit evaluate.py 0' in completed.stdout, completed.stderr
    assert '| 1 | Mine    |        95.2 |' in completed.stdout
    assert (tmp_path / 'out' / 'success.png').stat().st_size > 10_000


def test_model_size_refuses_bad_configs_at_once(tmp_path: Path) -> None:
    (tmp_path / 'data.py').write_text('data_root = "x"\n')
    tool = ROOT / 'tools' / 'model_size.py'

    completed = run_without(
        ' '.join(HEAVY), [tool, tmp_path / 'nowhere.py'], [tool, tmp_path / 'data.py']
    )

    assert completed.stdout.count('exit model_size.py 1') == 2, completed.stderr
    assert 'nowhere.py: no such config' in completed.stderr
    assert 'data.py has no model; give the config of a tracker' in completed.stderr


@pytest.mark.parametrize('name', ['train', 'test'])
def test_help_is_that_of_the_mmtrack_script(name: str) -> None:
    completed = run_without(' '.join(HEAVY), [ROOT / 'tools' / f'{name}.py', '-h'])

    assert '--cfg-options' in completed.stdout, completed.stderr
    assert '--launcher' in completed.stdout
