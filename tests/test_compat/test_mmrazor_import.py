"""MMRazor imports on today's torch, whoever imports it, and nothing else is changed."""

import ast
import subprocess
import sys
from typing import Tuple

import pytest
import torch

from mmeatrack.compat import import_hook

NEEDS_SHIM = not import_hook.has_quantization_names()


def run(code: str) -> Tuple[int, str]:
    """Run code in a fresh Python; return its exit status and its output."""
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def test_mmrazor_imports_and_leaves_torch_as_it_was() -> None:
    """After a failed import too, and by MMEngine's registry."""
    status, output = run(
        'import sys, torch; version = torch.__version__\n'
        'import mmeatrack, mmrazor; digit_version = mmrazor.digit_version\n'
        'def check():\n'
        '    assert torch.__version__ is version\n'
        '    assert mmrazor.digit_version is digit_version\n'
        "    assert digit_version(version) >= digit_version('1.13.0')\n"
        "sys.modules['mmrazor.structures.quantization.qconfig'] = None\n"
        'try:\n'
        '    import mmrazor.models\n'
        'except ImportError as error:\n'
        "    print('failed')\n"
        "assert 'mmrazor.models' not in sys.modules\n"
        'check()\n'
        "del sys.modules['mmrazor.structures.quantization.qconfig']\n"
        'from mmengine.registry import MODELS, DefaultScope\n'
        "DefaultScope.get_instance('t', scope_name='mmtrack')\n"
        "names = ['mmrazor.SingleTeacherDistill', 'mmdet.GIoULoss', 'mmtrack.Stark']\n"
        'with MODELS.switch_scope_and_registry(None) as registry:\n'
        "    print(*(registry.get(name).__module__.split('.')[0] for name in names))\n"
        'import mmrazor.models, mmrazor.engine\n'
        'check()\n'
        'from mmrazor.models import ConfigurableDistiller, SingleTeacherDistill\n'
        'print(ConfigurableDistiller.__name__, SingleTeacherDistill.__name__)\n'
    )
    assert status == 0, output
    assert output.splitlines()[-3:] == [
        'failed',
        'mmrazor mmdet mmtrack',
        'ConfigurableDistiller SingleTeacherDistill',
    ]


@pytest.mark.skipif(not NEEDS_SHIM, reason='this torch has what MMRazor imports')
def test_without_the_shim_the_import_fails() -> None:
    status, output = run('import mmrazor.models')
    assert status != 0
    assert 'quantization' in output


GATED = """
import torch
if digit_version(torch.__version__) >= digit_version('1.13.0'):
    BRANCH = 'new'
else:
    BRANCH = 'old'
if digit_version('2.0') >= digit_version('1.13.0'):
    OTHER = 'untouched'
def later():
    return digit_version(torch.__version__) >= digit_version('1.13.0')
"""


@pytest.mark.parametrize(('has_names', 'branch'), [(False, 'old'), (True, 'new')])
def test_only_the_gates_at_import_are_closed(
    monkeypatch: pytest.MonkeyPatch, has_names: bool, branch: str
) -> None:
    monkeypatch.setattr(import_hook, 'has_quantization_names', lambda: has_names)
    from mmengine.utils import digit_version

    tree = import_hook.close_torch_gates(ast.parse(GATED))
    scope = {'digit_version': digit_version, 'torch': torch}
    exec(compile(tree, 'gated', 'exec'), scope)
    assert scope['BRANCH'] == branch
    assert scope['OTHER'] == 'untouched'
    assert scope['later']() is True
