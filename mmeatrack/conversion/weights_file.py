"""Files of weights of any common kind, read without running code."""

from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Union

from torch import Tensor

from mmeatrack.compat.checkpoint import is_safetensors, load_checkpoint_file

# Keys under which projects keep a state dict, by the kind of file that they tell of.
_KINDS = {
    'state_dict': 'an mmengine or Lightning checkpoint',
    'net': "a checkpoint of pytracking's family",
    'model': 'a checkpoint with its weights under "model"',
    'state_dict_ema': "timm's averaged weights",
    'model_ema': 'averaged weights',
}
_DISTRIBUTED = 'module.'  # DistributedDataParallel and averaged models name their parts so


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
    content = load_checkpoint_file(path, map_location='cpu', family=True)
    if is_safetensors(path):
        return WeightsFile('safetensors', without_wrapper(content['state_dict']), content['meta'])
    if not isinstance(content, Mapping):
        raise RuntimeError(
            f'{path} holds a {type(content).__name__}, not tensors by name. Save a state_dict.'
        )
    for key, kind in _KINDS.items():
        if isinstance(content.get(key), Mapping) and _is_state_dict(content[key]):
            meta = content.get('meta') or {}
            return WeightsFile(kind, without_wrapper(content[key]), dict(meta))
    if _is_state_dict(content):
        return WeightsFile('a plain state dict', without_wrapper(content), {})
    raise RuntimeError(
        f'{path} holds {sorted(map(str, content))[:8]} and no tensors by name under any of '
        f'{sorted(_KINDS)}. Save its state_dict in a file of its own.'
    )


def without_wrapper(weights: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """Drop the prefix ``module.`` where all names have it, as a distributed wrapper gives it.

    An averaged model counts its updates beside that, in ``n_averaged`` or ``steps``.
    """
    wrapped = {k: v for k, v in weights.items() if k.startswith(_DISTRIBUTED)}
    if wrapped and set(weights) - set(wrapped) <= {'n_averaged', 'steps'}:
        return without_wrapper({k[len(_DISTRIBUTED) :]: v for k, v in wrapped.items()})
    return dict(weights)


def _is_state_dict(content: Mapping[Any, Any]) -> bool:
    return bool(content) and all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in content.items()
    )
