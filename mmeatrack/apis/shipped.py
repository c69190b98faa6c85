"""Trackers that come with the package, and published ones from elsewhere, by name or file."""

from pathlib import Path
from typing import List, Tuple, Union

from mmengine.config import Config

from mmeatrack.conversion import read_published
from mmeatrack.conversion.published import SUFFIXES

WEIGHTS = Path(__file__).resolve().parent.parent / 'weights'
_SUFFIX = '.safetensors'

Source = Union[str, Path, Config]


def shipped_trackers() -> List[str]:
    """Names of the trackers that come with the package."""
    return sorted(path.stem for path in WEIGHTS.glob(f'*{_SUFFIX}'))


def find_published(source: Source) -> Path:
    """File of a shipped tracker by its name, such as 'eatrack_nano', or of another published one.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is neither a name nor a file of tools/publish_model.py or
            tools/convert_checkpoint.py.
    """
    if not isinstance(source, Config) and str(source) in shipped_trackers():
        return WEIGHTS / f'{source}{_SUFFIX}'
    if isinstance(source, Config) or Path(source).suffix not in SUFFIXES:
        named = 'a Config' if isinstance(source, Config) else f'{str(source)!r}'
        raise ValueError(
            f'no checkpoint is given for {named}: the tracker would run on random weights. Give '
            f'its file, or in place of the config a published tracker: {shipped_trackers()} or a '
            'file of tools/publish_model.py.'
        )
    if not Path(source).is_file():
        raise FileNotFoundError(f'{source}: no such published tracker. Give a local file.')
    return Path(source)


def published_config(source: Source) -> Tuple[Config, Path]:
    """Config and weights of a published tracker; see :func:`find_published`."""
    path = find_published(source)
    return Config(dict(model=read_published(path).model)), path
