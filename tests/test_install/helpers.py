"""Helpers for the tests of the installation."""

import ast
import os
import subprocess
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@lru_cache(maxsize=None)
def parse(path: Path) -> ast.Module:
    """Syntax tree of a file, in Python 3.8's grammar."""
    source = path.read_text(encoding='utf-8')
    return ast.parse(source, filename=str(path), feature_version=(3, 8))


def run_make(*arguments: str, **variables: str) -> 'subprocess.CompletedProcess[str]':
    """Run make in the repository, without the environment of ``make test``."""
    inherited = {k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MAKELEVEL')}
    return subprocess.run(
        ['make', *arguments],
        cwd=ROOT,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
    )
