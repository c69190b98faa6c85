"""Shell scripts of MMTrack and MMRazor that start several processes: ``dist_train.sh`` and others.

They call ``torch.distributed.launch``, which on torch >= 2.0 gives each process ``--local-rank``;
the scripts know ``--local_rank`` alone and stop. MMRazor's processes also need the shims before
their first import. The launcher starts what ``PYTHON_EXEC`` names in place of Python, which here
leaves the argument out (each process has ``LOCAL_RANK``) and runs the script with the shims.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List

# Called by the launcher as "WORKER -u SCRIPT --local-rank=N ARGS...".
_WORKER = """#!/bin/sh
shift
script=$1
shift
case $1 in --local[-_]rank=*) shift;; esac
exec '{python}' -u -m mmeatrack.compat "$script" "$@"
"""


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
