"""Run mmtrack's own tools/train.py unmodified: ``python tools/train.py CONFIG ...``.

The same as ``mim train mmtrack CONFIG ...`` or the script itself; ``--help`` is the script's.
"""

import sys

from mmeatrack.compat.__main__ import main
from mmeatrack.compat.scripts import mmtrack_script, print_help

if __name__ == '__main__':
    script = mmtrack_script('train.py')
    if {'-h', '--help'} & set(sys.argv[1:]):
        print_help(script)
    main([str(script), *sys.argv[1:]])
