"""Weights files of any common kind, read without running code."""

from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Union

from torch import Tensor

from mmeatrack.compat.checkpoint import is_safetensors, load_checkpoint_file

# Keys under which projects store a state dict, with the kind of file; a model's own weights take
# precedence over their average.
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
# Prefixes of DistributedDataParallel and averaged models, and of torch.compile.
_WRAPPERS = ('module.', '_orig_mod.')
# Update counters of averaged models, next to the wrapped weights.
_COUNTERS = {'n_averaged', 'steps'}


class WeightsFile(NamedTuple):
    """Weights of a file.

    Attributes:
        kind: Kind of the file, for messages.
        tensors: The tensors by name, without the prefix of a wrapper.
        meta: The file's metadata; empty if it has none.
    """

    kind: str
    tensors: Dict[str, Tensor]
    meta: Dict[str, Any]


def read_weights_file(path: Union[str, Path]) -> WeightsFile:
    """Read the weights of a safetensors, torch, mmengine or pytracking file on the CPU.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If it is truncated, would run code, or holds no named tensors.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path}: no such weights file. Give the path of a local file.')
    content = load_checkpoint_file(path, map_location='cpu')
    file = find_weights(content, str(path))
    return file._replace(kind='safetensors') if is_safetensors(path) else file


def find_weights(content: Any, source: str) -> WeightsFile:
    """Find the state dict in a checkpoint, at the top or under a usual key, also nested.

    Raises:
        RuntimeError: If there are no named tensors.
    """
    kind, found = 'a plain state dict', content
    meta: Dict[str, Any] = {}
    while isinstance(found, Mapping) and not _is_state_dict(found):
        key = next((key for key in _KINDS if isinstance(found.get(key), Mapping)), None)
        if key is None:
            break
        kind, meta, found = _KINDS[key], meta or dict(found.get('meta') or {}), found[key]
    if not _is_state_dict(found):
        holds = sorted(map(str, found))[:8] if isinstance(found, Mapping) else type(found).__name__
        raise RuntimeError(
            f'{source} holds {holds} and no named tensors, neither at the top nor under one of '
            f'{sorted(_KINDS)}. Save its state_dict to a separate file.'
        )
    return WeightsFile(kind, _strip_wrappers(found), meta)


def _strip_wrappers(weights: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """Strip the prefix of a wrapper, such as ``module.``, where all names have it."""
    for prefix in _WRAPPERS:
        wrapped = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
        others = {k for k in weights if not k.startswith(prefix)}
        if wrapped and others <= _COUNTERS:
            return _strip_wrappers(wrapped)
    return dict(weights)


def _is_state_dict(content: Any) -> bool:
    if not isinstance(content, Mapping) or not content:
        return False
    return all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items())
