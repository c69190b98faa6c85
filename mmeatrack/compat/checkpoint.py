"""Checkpoint loading that cannot run code.

torch >= 2.6 loads with ``weights_only=True``, which refuses every checkpoint that MMEngine writes:
its message hub pickles ``HistoryBuffer``, numpy scalars and ``getattr``. torch < 2.6, and
``torch.hub`` in all versions, load with ``weights_only=False``, which runs any code in a file.
Here all of MMEngine's loaders use one loader, on every torch, which accepts what MMEngine writes
and refuses the rest (see ``mmeatrack.compat.restricted_pickle``).
"""

import os
import tarfile
from pathlib import Path
from pickle import UnpicklingError
from types import ModuleType
from typing import IO, Any, Dict, Optional, Union
from urllib.parse import urlparse

import torch
from torch import serialization

from mmeatrack.compat.checkpoint_config import remove_code

# A safetensors file is the header's length in 8 bytes, little endian; the header, JSON of at most
# 100 MB; and the tensors (https://github.com/huggingface/safetensors#format).
_SAFETENSORS_LENGTH = 8
_SAFETENSORS_MAX_HEADER = 100_000_000

File = Union[str, 'os.PathLike[str]', IO[bytes]]


def load_checkpoint_file(file: File, map_location: Any = None) -> Any:
    """Load a checkpoint of plain data: tensors, numbers, text, MMEngine's logs.

    Args:
        file: Path, or a binary file open for reading at the checkpoint's start.
        map_location: As for :func:`torch.load`.

    Returns:
        The saved object, usually a dict; for a safetensors file ``state_dict`` and ``meta``.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If it is damaged or holds more than plain data; no code of it has run.
    """
    if not isinstance(file, (str, os.PathLike)):
        name = str(getattr(file, 'name', 'the given stream'))
        content = _load(file, name, map_location)
    else:
        name = os.fspath(file)
        if not os.path.isfile(file):
            raise FileNotFoundError(f"There is no checkpoint '{name}'.")
        if is_safetensors(file):
            content = _load_safetensors(name, map_location)
        else:
            with open(file, 'rb') as opened:
                content = _load(opened, name, map_location)
    remove_code(content, name)
    return content


def is_safetensors(path: Union[str, 'os.PathLike[str]']) -> bool:
    """Return whether a file begins like safetensors: the header's length, then JSON."""
    with open(path, 'rb') as file:
        start = file.read(_SAFETENSORS_LENGTH + 1)
    length = int.from_bytes(start[:_SAFETENSORS_LENGTH], 'little')
    return start[_SAFETENSORS_LENGTH:] == b'{' and length < _SAFETENSORS_MAX_HEADER


def _load_safetensors(name: str, map_location: Any) -> Dict[str, Any]:
    from safetensors import SafetensorError, safe_open

    device = map_location if isinstance(map_location, (str, torch.device)) else 'cpu'
    try:
        with safe_open(name, framework='pt', device=str(device)) as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return dict(state_dict=tensors, meta=dict(file.metadata() or {}))
    except SafetensorError as error:
        raise RuntimeError(_unreadable(name, f'as safetensors ({error})')) from error


def _load(file: IO[bytes], name: str, map_location: Any) -> Any:
    try:
        return _read(file, map_location)
    except UnpicklingError as error:
        raise RuntimeError(
            f"The checkpoint '{name}' was refused, and nothing of it was run: it asks for {error}, "
            'which a checkpoint of tensors, numbers and logs does not need and which could run '
            'arbitrary code. If you trust its author, load it once with '
            'torch.load(..., weights_only=False) and save its state_dict in a new file.'
        ) from error
    except Exception as error:
        raise RuntimeError(_unreadable(name, f'({type(error).__name__}: {error})')) from error


def _unreadable(name: str, how: str) -> str:
    return (
        f"The checkpoint '{name}' could not be read {how}. If it is truncated or damaged, copy it "
        'again.'
    )


def _read(file: IO[bytes], map_location: Any) -> Any:
    """Read either of torch's formats with the restricted unpickler.

    Not through torch.load: with ``pickle_module``, 1.13 silently uses Python's own instead. The two
    functions that it ends in, used below, are the same from 1.13 to 2.13.
    """
    from mmeatrack.compat import restricted_pickle

    start = file.tell()
    is_zip = file.read(4) == b'PK\x03\x04'
    file.seek(start)
    if is_zip:
        archive = torch._C.PyTorchFileReader(file)
        if 'constants.pkl' in archive.get_all_records():
            raise UnpicklingError('the code of a TorchScript archive')
        return serialization._load(archive, map_location, restricted_pickle, encoding='utf-8')
    if _is_tar(file):
        raise UnpicklingError('the tar format of torch 0.1')
    file.seek(start)
    return serialization._legacy_load(file, map_location, restricted_pickle, encoding='utf-8')


def _is_tar(file: IO[bytes]) -> bool:
    try:
        with tarfile.open(fileobj=file, mode='r:'):
            return True
    except tarfile.TarError:
        return False


def load_checkpoint_url(
    url: str, model_dir: Optional[str] = None, map_location: Any = None, progress: bool = True
) -> Any:
    """Download a checkpoint once and load it with :func:`load_checkpoint_file`.

    The arguments are those of :func:`torch.hub.load_state_dict_from_url`, which runs code in files.
    """
    path = Path(model_dir or os.path.join(torch.hub.get_dir(), 'checkpoints'))
    path /= os.path.basename(urlparse(url).path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), progress=progress)
    return load_checkpoint_file(path, map_location)


class _TorchWithSafeLoad(ModuleType):
    """Stand-in for the module ``torch`` whose ``load`` cannot run code."""

    load = staticmethod(load_checkpoint_file)

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


def make_loaders_safe(module: ModuleType) -> None:
    """Make all loaders of ``mmengine.runner.checkpoint`` use the functions above.

    Each of them (local file, URL, object store, model zoos) ends in that module's ``torch.load`` or
    ``load_url``. torch itself is not changed.
    """
    vars(module)['torch'] = _TorchWithSafeLoad('torch')
    vars(module)['load_url'] = load_checkpoint_url
