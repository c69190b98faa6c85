"""Run any script with the shims in place: ``python -m mmeatrack.compat SCRIPT ARGS...``.

MMRazor's own scripts import its models before a config is read, so that a config cannot bring the
shims; this can. The script is run as ``python SCRIPT ARGS...`` would run it, unmodified. In it,
also its own ``torch.load`` takes MMEngine's checkpoints and runs nothing, unless it says itself how
to load. With several processes: ``torchrun --module mmeatrack.compat SCRIPT ARGS...``.
"""

import os
import runpy
import sys
from typing import Any, List, Optional

import mmeatrack
from mmeatrack.compat.versions import version_table

USAGE = """usage: python -m mmeatrack.compat SCRIPT ARGS...

Runs SCRIPT unmodified, with the shims in place that the OpenMMLab stack needs on today's PyTorch.
"""


def main(arguments: Optional[List[str]] = None) -> None:
    """Run the script that the arguments name; without one, write help and the version table.

    Raises:
        SystemExit: With 2 if there is no such script, or as the script ends.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ('-h', '--help'):
        sys.stdout.write(f'{USAGE}\nmmeatrack {mmeatrack.__version__}\n{version_table()}\n')
        return
    script = arguments[0]
    if not os.path.isfile(script):
        sys.stderr.write(f"There is no script '{script}'. {USAGE}")
        raise SystemExit(2)
    _let_scripts_load_safely()
    sys.argv = list(arguments)
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    runpy.run_path(script, run_name='__main__')


def _let_scripts_load_safely() -> None:
    import torch

    from mmeatrack.compat import checkpoint

    torch_load = torch.load

    def load(f: Any, map_location: Any = None, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs:
            return torch_load(f, map_location, *args, **kwargs)
        return checkpoint.load_checkpoint_file(f, map_location)

    torch.load = load


if __name__ == '__main__':
    main()
