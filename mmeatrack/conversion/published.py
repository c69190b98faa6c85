"""Published trackers: one safetensors file with the weights, the model's config and facts.

The config travels as JSON in the file's metadata, so that the file alone makes a tracker. A config
can name any class and any argument, so only parts of this package and a few losses are taken.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, NamedTuple, Union

import torch
from safetensors.torch import save
from torch import Tensor

from mmeatrack.conversion.weights_file import read_weights_file
from mmeatrack.files.atomic import write_atomically
from mmeatrack.registry import MODELS

FORMAT = '1'
_CONFIG, _FACTS, _VERSION = 'mmeatrack_model', 'mmeatrack_facts', 'mmeatrack_format'
# The losses that CenterHead's arguments name; a published tracker does not compute them.
_FOREIGN_TYPES = ('mmdet.GaussianFocalLoss', 'mmdet.L1Loss', 'mmdet.GIoULoss')
_HASH_DIGITS = 8


class PublishedTracker(NamedTuple):
    """A tracker read from its file.

    Attributes:
        model: Config of the tracker.
        state_dict: Its weights, float32.
        facts: What the publisher says of it, such as data, scores and versions.
    """

    model: Dict[str, Any]
    state_dict: Dict[str, Tensor]
    facts: Dict[str, Any]


def publish(
    model: Mapping[str, Any],
    state_dict: Mapping[str, Tensor],
    facts: Mapping[str, Any],
    path: Union[str, Path],
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Write a tracker to a file, with the first digits of the content's SHA-256 in its name.

    Args:
        model: Config of the tracker, plain values only.
        state_dict: Its weights.
        facts: What there is to say of it, plain values only.
        path: ``folder/name.safetensors``; written is ``folder/name-0123abcd.safetensors``.
        dtype: Type of the floating point tensors in the file.

    Returns:
        The path written.

    Raises:
        ValueError: If the config names a part that a reader would refuse, or is not plain, or the
            type cannot hold a weight.
    """
    check_model(model)
    tensors = {
        key: value.to(dtype).contiguous() if value.is_floating_point() else value.contiguous()
        for key, value in state_dict.items()
    }
    overflown = [
        key
        for key, value in tensors.items()
        if value.is_floating_point() and not torch.isfinite(value).all()
    ]
    if overflown:
        raise ValueError(f'{dtype} cannot hold {overflown[:3]}: publish in float32.')
    try:
        metadata = {
            'format': 'pt',
            _VERSION: FORMAT,
            _CONFIG: json.dumps(model),
            _FACTS: json.dumps(facts),
        }
    except TypeError as error:
        raise ValueError(f'config and facts must be plain values: {error}.') from error
    content = save(tensors, metadata)
    digest = hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]
    path = Path(path)
    target = path.with_name(f'{path.stem}-{digest}{path.suffix}')
    write_atomically(target, content)
    return target


def read_published(path: Union[str, Path]) -> PublishedTracker:
    """Read a published tracker. No code of the file runs.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If the file is cut, or holds no tracker of a known format.
        ValueError: If its config names a part that a tracker does not need.
    """
    file = read_weights_file(path)
    version = file.meta.get(_VERSION)
    if version != FORMAT or _CONFIG not in file.meta:
        raise RuntimeError(
            f'{path} ({file.kind}) is no published tracker of format {FORMAT} (it says '
            f'{version!r}): write it with tools/publish_model.py of this version.'
        )
    model = json.loads(file.meta[_CONFIG])
    check_model(model)
    weights = {k: v.float() if v.is_floating_point() else v for k, v in file.tensors.items()}
    return PublishedTracker(model, weights, json.loads(file.meta.get(_FACTS, '{}')))


def check_model(model: Mapping[str, Any]) -> None:
    """Refuse a config that names anything but parts of a tracker.

    mmengine imports whatever dotted name a ``type`` gives, so that a config could run any function.

    Raises:
        ValueError: If a ``type`` is no registered part of this package and no known loss.
    """
    MODELS.import_from_location()
    own = {f'mmeatrack.{name}' for name in MODELS.module_dict}
    for name in _types(model):
        if not isinstance(name, str) or name not in (*own, *_FOREIGN_TYPES):
            raise ValueError(
                f'the config of this tracker names {name!r}; a published tracker consists of parts '
                f'of mmeatrack only. It was not built.'
            )


def _types(config: Any) -> Iterator[Any]:
    """All values of ``type`` keys, at any depth."""
    if isinstance(config, Mapping):
        for key, value in config.items():
            if key == 'type':
                yield value
            else:
                yield from _types(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _types(value)
