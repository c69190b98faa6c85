"""Preflight of the installation: report missing tools.

Run with the Python that makes the environment; needs the standard library only.
"""

import os
import shutil
import sys
import sysconfig
from importlib.util import find_spec
from typing import List, Optional

OLDEST_PYTHON = (3, 8)


def missing_tools() -> List[str]:
    """Return a line for each missing tool, with the way to install it."""
    version = f'{sys.version_info[0]}.{sys.version_info[1]}'
    other = 'make PYTHON=/path/to/another/python3'
    if sys.version_info < OLDEST_PYTHON:
        return [f'{sys.executable} is Python {version}; 3.8 or newer is needed: {other}']
    lines = []
    if find_spec('venv') is None or find_spec('ensurepip') is None:
        lines.append(f'Python has no venv module: apt-get install python{version}-venv, or {other}')
    if not os.path.isfile(os.path.join(sysconfig.get_paths()['include'], 'Python.h')):
        lines.append(
            'Python.h is missing, which building mmcv needs: '
            f'apt-get install python{version}-dev, or {other}'
        )
    if find_compiler() is None:
        lines.append(
            f'There is no C++ compiler ({os.environ.get("CXX") or "c++ or g++"}), which building '
            'mmcv needs: apt-get install g++, or set CXX'
        )
    return lines


def find_compiler() -> Optional[str]:
    """Return the C++ compiler's path, or None: $CXX if set, else c++ or g++ on the PATH."""
    given = os.environ.get('CXX')
    names = [given.split()[0]] if given else ['c++', 'g++']
    return next(filter(None, map(shutil.which, names)), None)


if __name__ == '__main__':
    problems = missing_tools()
    for problem in problems:
        sys.stderr.write(f'make: {problem}\n')
    sys.exit(1 if problems else 0)
