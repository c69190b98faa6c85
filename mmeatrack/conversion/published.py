"""Published trackers, the shipped ones among them: weights, config and facts in one file.

The config travels as JSON in the file's metadata, so that the file alone makes a tracker. A config
can name any class and any argument, so only parts of this package and a few losses are taken.
"""

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Tuple, Union

import torch
from mmengine.config import Config
from safetensors.torch import save
from torch import Tensor

from mmeatrack.conversion.state_dicts import WeightsFile, read_weights_file
from mmeatrack.files.atomic import write_atomically
from mmeatrack.registry import MODELS

FORMAT = '1'
SUFFIXES = ('.safetensors', '.pth')
_CONFIG, _FACTS, _VERSION = 'mmeatrack_model', 'mmeatrack_facts', 'mmeatrack_format'
# The losses that CenterHead's arguments name; a published tracker does not compute them.
_FOREIGN_TYPES = ('mmdet.GaussianFocalLoss', 'mmdet.L1Loss', 'mmdet.GIoULoss')
_HASH_DIGITS = 8
WEIGHTS = Path(__file__).resolve().parent.parent / 'weights'

Source = Union[str, Path, Config]


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
        path: ``folder/name.safetensors`` or ``.pth``; written is
            ``folder/name-0123abcd.safetensors``.
        dtype: Type of the floating point tensors in the file.

    Raises:
        FileExistsError: If a file of that name has another content.
        ValueError: If the config names a part that a reader would refuse, or is not plain, the
            type cannot hold a weight, or the suffix is another.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise ValueError(f'{path}: a published tracker ends in one of {list(SUFFIXES)}.')
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
    if path.suffix == '.pth':
        buffer = io.BytesIO()
        torch.save(dict(state_dict=tensors, meta=metadata), buffer)
        content = buffer.getvalue()
    else:
        content = _with_sorted_header(save(tensors, metadata))
    target = path.with_name(f'{path.stem}-{_digest(content)}{path.suffix}')
    if target.exists() and target.read_bytes() != content:
        raise FileExistsError(
            f'{target} exists with another content, though its name has the same hash: it was '
            'changed since, or cut. Move it away, or publish under another name.'
        )
    write_atomically(target, content)
    return target


def _with_sorted_header(content: bytes) -> bytes:
    """Safetensors whose header has a fixed order, so that equal trackers have one hash."""
    end = 8 + int.from_bytes(content[:8], 'little')
    header = json.dumps(json.loads(content[8:end]), sort_keys=True).encode()
    header += b' ' * (-len(header) % 8)
    return len(header).to_bytes(8, 'little') + header + content[end:]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]


def read_published(path: Union[str, Path]) -> PublishedTracker:
    """Read a published tracker, or one that was converted from OSTrack. No code of it runs.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If the file is cut, is not what its name's hash says, or holds no tracker of a
            known format.
        ValueError: If its config names a part that a tracker does not need.
    """
    path = Path(path)
    file = read_weights_file(path)
    _check_name(path)
    model, facts = _stored(file, path)
    try:
        check_model(model)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
    weights = {k: v.float() if v.is_floating_point() else v for k, v in file.tensors.items()}
    return PublishedTracker(model, weights, facts)


def _check_name(path: Path) -> None:
    named = re.search(rf'-([0-9a-f]{{{_HASH_DIGITS}}})$', path.stem)
    found = _digest(path.read_bytes()) if named else ''
    if named and named[1] != found:
        raise RuntimeError(
            f"{path}: the content's SHA-256 begins with {found}, its name says {named[1]}. It was "
            'changed or mixed up with another file: copy it again, or rename it without the hash '
            'if the change is yours.'
        )


def _stored(file: WeightsFile, path: Path) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    meta = file.meta
    if isinstance(meta.get('model'), dict) and 'converted_from' in meta:
        return meta['model'], dict(converted_from=meta['converted_from'])
    if meta.get(_VERSION) != FORMAT or _CONFIG not in meta:
        raise RuntimeError(
            f'{path} ({file.kind}) is no published tracker of format {FORMAT} (it says '
            f'{meta.get(_VERSION)!r}): write it with tools/publish_model.py of this version, or '
            'give a config beside it.'
        )
    try:
        model, facts = (json.loads(meta.get(key, '{}')) for key in (_CONFIG, _FACTS))
    except (ValueError, RecursionError, TypeError) as error:
        raise RuntimeError(
            f'{path}: the config in it is no JSON ({error}): copy it again.'
        ) from error
    if not isinstance(model, dict) or not isinstance(facts, dict):
        raise RuntimeError(f'{path}: config and facts in it are no dicts: publish it again.')
    return model, facts


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
                'of mmeatrack only. It was not built. Upgrade mmeatrack if the part is of a newer '
                'one; else take the file from a publisher whom you trust.'
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


def shipped_trackers() -> List[str]:
    """Names of the trackers that come with the package."""
    return sorted(path.stem for path in WEIGHTS.glob(f'*{SUFFIXES[0]}'))


def find_published(source: Source) -> Path:
    """File of a shipped tracker by its name, such as 'eatrack_nano', or of another published one.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is neither a name nor a file of tools/publish_model.py or
            tools/convert_checkpoint.py.
    """
    if not isinstance(source, Config) and str(source) in shipped_trackers():
        return WEIGHTS / f'{source}{SUFFIXES[0]}'
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
