"""Run any script with the shims in place: ``python -m mmeatrack.compat SCRIPT ARGS...``.

MMRazor's own scripts import its models before they read a config, too early for the shims of a
config. The script runs unmodified, as with ``python SCRIPT ARGS...``. Its own calls of
``torch.load`` accept MMEngine's checkpoints and run no code from them, unless they have arguments
beyond ``map_location``.

For several processes SCRIPT is the installed ``dist_train.sh`` or ``dist_test.sh`` of MMTrack or
MMRazor, or ``torchrun --module mmeatrack.compat SCRIPT ARGS...`` starts them.
"""

import os
import runpy
import sys
from types import ModuleType
from typing import Any, List, Optional

import mmeatrack
from mmeatrack.compat import import_hook
from mmeatrack.compat.scripts import run_shell_script
from mmeatrack.compat.versions import verdict, version_table

USAGE = """usage: python -m mmeatrack.compat SCRIPT ARGS...

Runs SCRIPT unmodified, with the shims that the OpenMMLab stack needs on today's PyTorch. SCRIPT may
be the installed dist_train.sh or dist_test.sh of MMTrack or MMRazor. To find them:
    python -c "import mmtrack; print(mmtrack.__path__[0] + '/.mim/tools')"
Without a SCRIPT nothing is run; the last line says whether the installed versions fit, and the exit
status is 1 if they do not.
"""


def main(arguments: Optional[List[str]] = None) -> None:
    """Run the script that the arguments name; without one, write the help and the versions.

    Raises:
        SystemExit: With 2 if there is no such script, with 1 if a version does not fit, or with
            the script's status.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ('-h', '--help'):
        wrong = verdict()
        table = f'mmeatrack {mmeatrack.__version__}\n{version_table()}'
        sys.stdout.write(f'{USAGE}\n{table}\n{wrong or "These versions fit."}\n')
        if wrong and not arguments:
            raise SystemExit(1)
        return
    script = arguments[0]
    if not os.path.isfile(script):
        sys.stderr.write(f"There is no script '{script}'. {USAGE}")
        raise SystemExit(2)
    if script.endswith('.sh'):
        raise SystemExit(run_shell_script(script, arguments[1:]))
    import_hook.add('torch', after=_make_torch_load_safe)
    sys.argv = list(arguments)
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    runpy.run_path(script, run_name='__main__')


def _make_torch_load_safe(torch: ModuleType) -> None:
    from mmeatrack.compat.checkpoint import load_checkpoint_file

    torch_load = torch.load

    def load(f: Any, map_location: Any = None, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs:
            return torch_load(f, map_location, *args, **kwargs)
        return load_checkpoint_file(f, map_location)

    vars(torch)['load'] = load


if __name__ == '__main__':
    main()
