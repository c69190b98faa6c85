"""mmtrack's own train and test scripts, unmodified, as stages."""

import re
import sys
from pathlib import Path
from typing import Dict, List, Sequence

from lab.experiments.stage import Stage
from mmeatrack.compat.scripts import mmtrack_script

_TRAIN_LINE = re.compile(
    r'Iter\(train\)\s*\[\s*(?P<step>\d+)/(?P<steps>\d+)\].*?(?P<rest> loss: [\d.]+|$)'
)
_TEST_LINE = re.compile(r'Iter\(test\)\s*\[\s*(?P<step>\d+)/(?P<steps>\d+)\](?P<rest>)')


def train_stage(
    name: str,
    config: Path,
    folder: Path,
    options: Dict[str, object],
    after: Sequence[Stage] = (),
    threads: int = 1,
) -> Stage:
    """Training by mmtrack's ``train.py``, resumed from its last checkpoint if interrupted.

    Args:
        name: Shown beside the progress bar.
        config: Config file.
        folder: Work folder.
        options: ``--cfg-options``.
        after: Stages whose results it uses.
        threads: Threads it may use.
    """
    command = [sys.executable, mmtrack_script('train.py'), config, '--work-dir', folder]
    return Stage(
        name=name,
        command=[*map(str, command), *_cfg_options(options)],
        folder=folder,
        progress=_TRAIN_LINE,
        inputs=_config_files(config),
        after=after,
        resume=('--resume',),
        threads=threads,
    )


def benchmark_stage(
    name: str,
    config: Path,
    checkpoint: Path,
    folder: Path,
    options: Dict[str, object],
    after: Sequence[Stage] = (),
    threads: int = 1,
) -> Stage:
    """Test by mmtrack's ``test.py``; arguments as of :func:`train_stage`."""
    command = [sys.executable, mmtrack_script('test.py'), config]
    command += ['--checkpoint', checkpoint, '--work-dir', folder]
    return Stage(
        name=name,
        command=[*map(str, command), *_cfg_options(options)],
        folder=folder,
        progress=_TEST_LINE,
        inputs=_config_files(config),
        after=after,
        threads=threads,
    )


def _cfg_options(options: Dict[str, object]) -> List[str]:
    if not options:
        return []
    return ['--cfg-options', *(f'{key}={value}' for key, value in options.items())]


def _config_files(config: Path) -> List[Path]:
    """The config and all configs in ``_base_`` beside its folder."""
    return [config, *sorted(config.parent.parent.glob('_base_/**/*.py'))]
