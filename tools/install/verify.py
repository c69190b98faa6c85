"""Check that the installed packages work together, and name the remedy where they do not."""

import importlib.util
import subprocess
import sys
from typing import List, Tuple

OPENCV_REMEDY = (
    'On a server without libGL: pip uninstall -y opencv-python opencv-python-headless && '
    'pip install opencv-python-headless'
)
# Each is imported in a process of its own: a failed import leaves its traces in a process.
CHECKS: List[Tuple[str, str]] = [
    ('import cv2', OPENCV_REMEDY),
    ('import mmcv.ops', 'mmcv was built for another torch: make clean, then make install.'),
    ('import mmeatrack, mmtrack.models, mmrazor.models', 'make clean, then make install.'),
]
TORCHVISION_REMEDY = (
    'Nothing here needs torchvision, and the one that is installed does not fit this torch, which '
    "MMEngine's report of the environment stumbles over: pip uninstall torchvision"
)


def checks() -> List[Tuple[str, str]]:
    """Return (code that must run, remedy) pairs for this environment."""
    if importlib.util.find_spec('torchvision') is None:
        return CHECKS
    return [*CHECKS, ('import torchvision', TORCHVISION_REMEDY)]


def failure(code: str) -> str:
    """Run Python code in a process of its own; return its error's last line, empty if none."""
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    if done.returncode == 0:
        return ''
    return (done.stderr.strip().splitlines() or [f'ended with {done.returncode}'])[-1]


def main() -> None:
    """Run the checks and write the table of versions."""
    for code, remedy in checks():
        error = failure(code)
        if error:
            sys.exit(f"After the installation '{code}' fails: {error}\n{remedy}")
    from mmeatrack.compat.versions import version_table

    sys.stdout.write(f'It does.\n{version_table()}\n')
    sys.stdout.write(f'Activate it with: . {sys.prefix}/bin/activate\n')


if __name__ == '__main__':
    main()
