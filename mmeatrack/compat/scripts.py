"""Scripts of the installed OpenMMLab packages, and the start of those with several processes.

``dist_train.sh`` and its like call ``torch.distributed.launch``, which on torch >= 2.0 gives each
process ``--local-rank``; the scripts know ``--local_rank`` alone and stop. MMRazor's processes also
need the shims before their first import. The launcher starts what ``PYTHON_EXEC`` names in place of
Python, which here leaves the argument out (each process has ``LOCAL_RANK``) and runs the script
with the shims.
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
    spec = importlib.util.find_spec('mmtrack')  # without its import, which takes seconds
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
    """Print a script's help at once, without what the script imports at its top.

    Only its ``parse_args`` is run. A script without one is left to print its help itself.

    Raises:
        SystemExit: When the help is printed.
    """
    tree = ast.parse(script.read_text(encoding='utf-8'))
    found: List[ast.stmt] = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == 'parse_args'
    ]
    if not found:
        return
    scope: Dict[str, Any] = dict(
        argparse=argparse, os=os, sys=sys, DictAction=argparse.Action, __name__='parse_args'
    )
    exec(compile(ast.Module(found[:1], []), str(script), 'exec'), scope)
    scope['parse_args']()


def run_shell_script(script: str, arguments: List[str]) -> int:
    """Run a launching script with its arguments, its processes with the shims in place.

    The script is ``dist_train.sh``, ``dist_test.sh`` or one of the same way. Returns its status.
    """
    bin_folder = str(Path(sys.executable).parent)  # whose python the script is to call
    with tempfile.TemporaryDirectory() as folder:
        worker = Path(folder, 'python')
        worker.write_text(_WORKER.format(python=sys.executable), encoding='utf-8')
        worker.chmod(0o755)
        path = os.pathsep.join([bin_folder, os.environ.get('PATH', os.defpath)])
        environment = dict(os.environ, PATH=path, PYTHON_EXEC=str(worker))
        return subprocess.run(['bash', script, *arguments], env=environment, check=False).returncode
