"""Check the package on several versions of Python and torch.

Creates a virtual environment for each pair, or reuses an existing one, and runs the imports, the
core tests and a distillation step of toy models in it. mmcv is installed without its compiled
operators, whose build takes 20 minutes per pair: stubs raise when they are called, and the tracker
calls none of them.

python tools/lab/matrix.py --torch 2.4.1 2.13.0 --out work_dirs/matrix.md
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

from tqdm import tqdm

from mmeatrack.files.command_line import tool_parser

ROOT = Path(__file__).resolve().parents[2]
TOOL = 'matrix.py'
CORE_TESTS = (
    'tests/test_structures',
    'tests/test_models/test_losses',
    'tests/test_models/test_distillers/test_eatrack_distill.py',
    'tests/test_compat/test_checkpoint.py',
)
WITHOUT_OPERATORS = '''"""Stubs of mmcv's compiled operators."""


def __getattr__(name):
    if name.startswith('__'):
        raise AttributeError(name)

    def missing(*args, **kwargs):
        raise NotImplementedError(f'mmcv was installed without its operator {name}')

    return missing
'''
IMPORT = """
import mmeatrack, mmtrack.models, mmrazor.models, numpy, torch
print(torch.__version__, numpy.__version__)
"""
STEP = """
import torch
from tests.toys import build, distill_cfg, mmtrack_scope, training_batch
with mmtrack_scope():
    model = build(distill_cfg())
    inputs, samples = training_batch()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    def loss():
        found = model(inputs, samples, mode='loss')
        return sum(value for name, value in found.items() if 'loss' in name)
    before = loss()
    before.backward()
    optimizer.step()
    print(f'{float(before):.4f} to {float(loss()):.4f}')
"""


class Outcome(NamedTuple):
    """Row of a pair: versions, and the result or last line of the error of each check."""

    python: str
    torch: str
    numpy: str
    imports: str
    tests: str
    step: str


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    add = parser.add_argument
    add('--python', type=Path, nargs='+', help='interpreters (default: those of pyenv)')
    add('--torch', nargs='+', default=['2.4.1', '2.13.0'], help='default: %(default)s')
    add('--envs', type=Path, default=Path('work_dirs/matrix'), help='default: %(default)s')
    add('--only-there', action='store_true', help='create no environment; check those in --envs')
    add('--out', type=Path, default=Path('work_dirs/matrix.md'), help='default: %(default)s')
    return parser.parse_args(argv)


def pyenv_pythons() -> List[Path]:
    """Interpreters of pyenv from Python 3.8 on."""
    root = Path(os.environ.get('PYENV_ROOT', '~/.pyenv')).expanduser() / 'versions'
    found = [path for path in root.glob('3.*/bin/python') if minor(path) >= 8]
    return sorted(found, key=minor)


def minor(python: Path) -> int:
    """Minor version of a Python 3."""
    code = 'import sys; print(sys.version_info[1])'
    return int(subprocess.check_output([str(python), '-c', code], text=True))


def make_environment(python: Path, torch: str, folder: Path) -> None:
    """Create a virtual environment with all but this package, which is on the Python path.

    Raises:
        subprocess.CalledProcessError: If a command fails, e.g. if this torch does not support
            this Python; the output is in ``folder/log.txt``.
    """
    folder.mkdir(parents=True)
    own = folder / 'bin' / 'python'
    pip = [str(own), '-m', 'pip', 'install']
    needs = ROOT / 'requirements'
    with (folder / 'log.txt').open('w') as log:
        for command in (
            [str(python), '-m', 'venv', str(folder)],
            [*pip, f'torch=={torch}', '-r', str(needs / 'build.txt')],
            [*pip, '-r', str(needs / 'runtime.txt'), 'pytest>=7.4,<10'],
            [*pip, '--no-deps', '-r', str(needs / 'openmmlab.txt')],
            [*pip, '--no-deps', '--no-build-isolation', 'mmcv-lite==2.0.0rc4'],
        ):
            subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=True)
    (package,) = folder.glob('lib/python*/site-packages/mmcv')
    (package / '_ext.py').write_text(WITHOUT_OPERATORS)


def run(folder: Path, *arguments: str) -> 'subprocess.CompletedProcess[str]':
    """Run the environment's Python in the repository, with its package and tests on the path."""
    environment: Dict[str, str] = dict(os.environ, PYTHONPATH=str(ROOT), CUDA_VISIBLE_DEVICES='')
    return subprocess.run(
        [str(folder / 'bin' / 'python'), '-W', 'ignore', *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def last_line(done: 'subprocess.CompletedProcess[str]') -> str:
    """Last line of the output; of the errors if the command failed."""
    text = done.stdout if done.returncode == 0 or not done.stderr.strip() else done.stderr
    return (text.strip().splitlines() or [f'exit status {done.returncode}'])[-1].strip('= ')


def check(folder: Path) -> Outcome:
    """Run the three checks in an environment."""
    python = run(folder, '-c', 'import platform; print(platform.python_version())')
    imports = run(folder, '-c', IMPORT)
    if imports.returncode != 0:
        torch = folder.name.partition('torch')[2]
        return Outcome(last_line(python), torch, '', last_line(imports), '', '')
    torch, numpy = last_line(imports).split()
    options = ('-q', '--no-header', '-p', 'no:cacheprovider', '-m', 'not slow')
    tests = last_line(run(folder, '-m', 'pytest', *options, *CORE_TESTS)).partition(' in ')[0]
    step = last_line(run(folder, '-c', STEP))
    return Outcome(last_line(python), torch, numpy, 'ok', tests, step)


def table(outcomes: Sequence[Outcome]) -> str:
    """Outcomes as a Markdown table."""
    from mmeatrack.evaluation.tables import markdown_table

    heads = ('Python', 'torch', 'numpy', 'import', 'core tests', 'loss over a distillation step')
    return markdown_table(heads, outcomes, num_left=len(heads))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Create the environments, check them and write the table; 1 if one cannot be created."""
    args = parse_args(sys.argv[1:] if argv is None else argv)
    from mmeatrack.files.atomic import write_atomically
    from mmeatrack.files.outputs import check_outputs, claimed_outputs

    outputs = [args.out]
    check_outputs(outputs, tool=TOOL)
    status = 0
    if not args.only_there:
        pairs = [(p, torch) for p in args.python or pyenv_pythons() for torch in args.torch]
        for python, torch in tqdm(pairs, desc='environments'):
            folder = args.envs / f'py3.{minor(python)}-torch{torch}'
            if folder.is_dir():
                continue
            try:
                make_environment(python, torch, folder)
            except subprocess.CalledProcessError:
                tqdm.write(f'{folder}: not created, see log.txt there', file=sys.stderr)
                status = 1
    folders = sorted(path.parents[1] for path in args.envs.glob('*/bin/python'))
    outcomes = [check(folder) for folder in tqdm(folders, desc='checks')]
    with claimed_outputs(outputs, tool=TOOL):
        write_atomically(args.out, table(outcomes))
    print(table(outcomes))
    return status


if __name__ == '__main__':
    sys.exit(main())
