"""mmtrack's own tools/train.py, found and run unmodified: ``python tools/train.py CONFIG ...``.

The same as ``mim train mmtrack CONFIG ...`` or the script itself; ``--help`` is the script's.
"""

import sys

from mmeatrack.compat.__main__ import main
from mmeatrack.compat.scripts import mmtrack_script

if __name__ == '__main__':
    main([str(mmtrack_script('train.py')), *sys.argv[1:]])
