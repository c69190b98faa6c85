"""Scripts of the installed OpenMMLab packages."""

import argparse
import ast
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any, Dict, List


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
