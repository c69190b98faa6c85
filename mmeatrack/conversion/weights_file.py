"""Files of weights of any common kind, read without running code."""

from pathlib import Path
from typing import Union

from mmeatrack.compat.checkpoint import is_safetensors, load_checkpoint_file
from mmeatrack.conversion.state_dicts import WeightsFile, find_weights

__all__ = ['WeightsFile', 'read_weights_file']


def read_weights_file(path: Union[str, Path]) -> WeightsFile:
    """Read the weights of a file: safetensors, torch, mmengine or pytracking's family.

    Args:
        path: The file.

    Returns:
        Its weights, on the CPU.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If it is cut, would run code, or holds no tensors by name.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'There is no file of weights {str(path)!r}.')
    content = load_checkpoint_file(path, map_location='cpu')
    file = find_weights(content, str(path))
    return file._replace(kind='safetensors') if is_safetensors(path) else file
