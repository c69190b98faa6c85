"""Check that the installed packages work together, and suggest a remedy if they do not."""

import importlib.util
import subprocess
import sys
from typing import List, Tuple

OPENCV_REMEDY = (
    'On a server without libGL: pip uninstall -y opencv-python opencv-python-headless && '
    'pip install opencv-python-headless'
)
# Each runs in a separate process, since a failed import leaves modules behind.
CHECKS: List[Tuple[str, str]] = [
    ('import cv2', OPENCV_REMEDY),
    ('import mmcv.ops', 'mmcv was built for another torch: make clean, then make install.'),
    ('import mmeatrack, mmtrack.models, mmrazor.models', 'make clean, then make install.'),
]
TORCHVISION_REMEDY = (
    'The installed torchvision does not fit this torch, so that MMEngine cannot report the '
    'environment. mmeatrack does not need it: pip uninstall torchvision'
)


def checks() -> List[Tuple[str, str]]:
    """Return pairs of code that must run and remedy."""
    if importlib.util.find_spec('torchvision') is None:
        return CHECKS
    return [*CHECKS, ('import torchvision', TORCHVISION_REMEDY)]


def failure(code: str) -> str:
    """Run Python code in a process; return the last line of its error, empty without one."""
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    if done.returncode == 0:
        return ''
    return (done.stderr.strip().splitlines() or [f'ended with {done.returncode}'])[-1]


def main() -> None:
    """Run the checks; write the versions table."""
    for code, remedy in checks():
        error = failure(code)
        if error:
            sys.exit(f"After the installation '{code}' fails: {error}\n{remedy}")
    from mmeatrack.compat.versions import version_table

    sys.stdout.write(f'The packages work together.\n{version_table()}\n')
    sys.stdout.write(f'Activate the environment with: . {sys.prefix}/bin/activate\n')


if __name__ == '__main__':
    main()
