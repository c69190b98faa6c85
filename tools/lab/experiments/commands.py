"""mmtrack's own train and test scripts, unmodified, as stages."""

import re
import sys
from pathlib import Path
from typing import Any, Dict, Sequence

from lab.experiments.stage import Stage
from mmeatrack.compat.scripts import mmtrack_script

_PROGRESS = re.compile(
    r'Iter\((?:train|test)\)\s*\[\s*(?P<step>\d+)/(?P<steps>\d+)\](?:.*?(?P<rest> loss: [\d.]+))?'
)


def train_stage(
    name: str,
    config: Path,
    folder: Path,
    options: Dict[str, object],
    after: Sequence[Stage] = (),
    threads: int = 1,
) -> Stage:
    """Training by mmtrack's ``train.py``, resumed from its last checkpoint if interrupted.

    ``options`` are its ``--cfg-options``; for the others see :class:`Stage`.
    """
    command = ['train.py', config, '--work-dir', folder]
    return _stage(name, command, options, after=after, resume=('--resume',), threads=threads)


def benchmark_stage(
    name: str,
    config: Path,
    checkpoint: Path,
    folder: Path,
    options: Dict[str, object],
    after: Sequence[Stage] = (),
) -> Stage:
    """Test by mmtrack's ``test.py``; arguments as in :func:`train_stage`."""
    command = ['test.py', config, '--checkpoint', checkpoint, '--work-dir', folder]
    return _stage(name, command, options, after=after)


def _stage(name: str, command: Sequence[Any], options: Dict[str, object], **kwargs: Any) -> Stage:
    """Stage of a script, its config and its arguments, of which the last is the folder."""
    script, config, *arguments = command
    words = [sys.executable, mmtrack_script(script), config, *arguments]
    if options:
        words += ['--cfg-options', *(f'{key}={value}' for key, value in options.items())]
    # The config, and all configs in ``_base_`` next to its folder.
    inputs = [config, *sorted(config.parent.parent.glob('_base_/**/*.py'))]
    words = [str(word) for word in words]
    return Stage(name, words, arguments[-1], progress=_PROGRESS, inputs=inputs, **kwargs)
