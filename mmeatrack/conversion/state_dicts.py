"""Files of weights of any common kind, read without running code."""

from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Union

from torch import Tensor

from mmeatrack.compat.checkpoint import is_safetensors, load_checkpoint_file

# Keys under which projects keep a state dict, by the kind of file that they tell of; a model's own
# weights come before their average.
_KINDS = {
    'state_dict': 'an mmengine or Lightning checkpoint',
    'net': "a checkpoint of pytracking's family",
    'model': 'a checkpoint with its weights under "model"',
    'model_state_dict': 'a checkpoint with its weights under "model_state_dict"',
    'module': 'a DeepSpeed checkpoint',
    'ema_state_dict': "mmengine's averaged weights",
    'state_dict_ema': "timm's averaged weights",
    'model_ema': 'averaged weights',
}
# DistributedDataParallel and averaged models name their parts so, and torch.compile.
_WRAPPERS = ('module.', '_orig_mod.')
_COUNTERS = {'n_averaged', 'steps'}


class WeightsFile(NamedTuple):
    """The weights of a file.

    Attributes:
        kind: Kind of the file, for people.
        tensors: The tensors by name, without the prefix of a distributed wrapper.
        meta: What the file says of itself; empty if it says nothing.
    """

    kind: str
    tensors: Dict[str, Tensor]
    meta: Dict[str, Any]


def read_weights_file(path: Union[str, Path]) -> WeightsFile:
    """Read the weights of a file, on the CPU: safetensors, torch, mmengine or pytracking's family.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If it is cut, would run code, or holds no tensors by name.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'There is no file of weights {str(path)!r}.')
    content = load_checkpoint_file(path, map_location='cpu')
    file = find_weights(content, str(path))
    return file._replace(kind='safetensors') if is_safetensors(path) else file


def find_weights(content: Any, source: str) -> WeightsFile:
    """Find the state dict in a checkpoint, by itself or under a usual key, nested ones too.

    Raises:
        RuntimeError: If there are no tensors by name.
    """
    kind, found = 'a plain state dict', content
    meta: Dict[str, Any] = {}
    while isinstance(found, Mapping) and not _is_state_dict(found):
        key = next((key for key in _KINDS if isinstance(found.get(key), Mapping)), None)
        if key is None:
            break
        kind, meta, found = _KINDS[key], meta or dict(found.get('meta') or {}), found[key]
    if not isinstance(found, Mapping) or not _is_state_dict(found):
        holds = sorted(map(str, found))[:8] if isinstance(found, Mapping) else type(found).__name__
        raise RuntimeError(
            f'{source} holds {holds} and no tensors by name, by themselves or under one of '
            f'{sorted(_KINDS)}. Save its state_dict in a file of its own.'
        )
    return WeightsFile(kind, without_wrapper(found), meta)


def without_wrapper(weights: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """Drop the prefix of a wrapper, such as ``module.``, where all names have it.

    An averaged model counts its updates beside that, in ``n_averaged`` or ``steps``.
    """
    for prefix in _WRAPPERS:
        wrapped = {k: v for k, v in weights.items() if k.startswith(prefix)}
        if wrapped and set(weights) - set(wrapped) <= _COUNTERS:
            return without_wrapper({k[len(prefix) :]: v for k, v in wrapped.items()})
    return dict(weights)


def _is_state_dict(content: Mapping[Any, Any]) -> bool:
    return bool(content) and all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in content.items()
    )
