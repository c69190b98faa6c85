"""Two processes on this machine, as ``--launcher pytorch`` has them."""

from pathlib import Path

from mmengine.config import Config

from mmeatrack.compat.scripts import mmtrack_script
from tests.forks import PathLike, run_two


def run_test_in_two_processes(cfg: dict, folder: Path, *arguments: PathLike) -> None:
    """Run mmtrack's test.py, as it is installed, with ``--launcher pytorch``; it has to succeed."""
    path = folder / 'two.py'
    Config(cfg).dump(str(path))
    run_two(mmtrack_script('test.py'), path, '--launcher', 'pytorch', *arguments, cwd=folder)
