"""Scripts of the installed OpenMMLab packages, and multi-process runs of them.

``dist_train.sh`` and its like call ``torch.distributed.launch``, which on torch >= 2.0 passes
``--local-rank`` to each process; the scripts only know ``--local_rank`` and stop. MMRazor's
processes also need the shims before their first import. The launcher runs ``PYTHON_EXEC`` instead
of Python: a script that drops the argument (each process has ``LOCAL_RANK``) and adds the shims.
"""

import argparse
import ast
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List

# Called by the launcher as "WORKER -u SCRIPT --local-rank=N ARGS...".
_WORKER = """#!/bin/sh
shift
script=$1
shift
case $1 in --local[-_]rank=*) shift;; esac
exec '{python}' -u -m mmeatrack.compat "$script" "$@"
"""


def mmtrack_script(name: str) -> Path:
    """Path of a script of the installed mmtrack, e.g. ``train.py``.

    Raises:
        ModuleNotFoundError: If mmtrack is not installed.
        FileNotFoundError: If this mmtrack has no such script.
    """
    spec = importlib.util.find_spec('mmtrack')  # an import would take seconds
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "mmtrack is not installed: run 'make install', or install mmtrack==1.0.0rc1."
        )
    path = Path(spec.origin).parent / '.mim' / 'tools' / name
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} is missing: this mmtrack was installed without its scripts. Install '
            'mmtrack==1.0.0rc1 from its wheel.'
        )
    return path


def print_help(script: Path) -> None:
    """Print a script's help without its imports, which take seconds.

    Only its ``parse_args`` is run. Nothing happens if the script does not have one.

    Raises:
        SystemExit: When the help is printed.
    """
    scope: Dict[str, Any] = dict(
        argparse=argparse, os=os, sys=sys, DictAction=argparse.Action, __name__='parse_args'
    )
    for node in ast.parse(script.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.FunctionDef) and node.name == 'parse_args':
            exec(compile(ast.Module([node], []), str(script), 'exec'), scope)
            scope['parse_args']()


def run_shell_script(script: str, arguments: List[str]) -> int:
    """Run ``dist_train.sh``, ``dist_test.sh`` or the like with the shims; return its status."""
    bin_folder = str(Path(sys.executable).parent)  # so that the script calls this Python
    with tempfile.TemporaryDirectory() as folder:
        worker = Path(folder, 'python')
        worker.write_text(_WORKER.format(python=sys.executable), encoding='utf-8')
        worker.chmod(0o755)
        path = os.pathsep.join([bin_folder, os.environ.get('PATH', os.defpath)])
        environment = dict(os.environ, PATH=path, PYTHON_EXEC=str(worker))
        return subprocess.run(['bash', script, *arguments], env=environment, check=False).returncode
