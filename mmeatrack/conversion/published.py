"""Published trackers, including the shipped ones: weights, config and facts in one file.

The config is stored as JSON in the file's metadata, so that the file suffices to build the tracker.
As a config can name any class, only parts of this package and a few losses are accepted.
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
# Losses named in CenterHead's arguments; a published tracker does not compute them.
_FOREIGN_TYPES = ('mmdet.GaussianFocalLoss', 'mmdet.L1Loss', 'mmdet.GIoULoss')
_HASH_DIGITS = 8
WEIGHTS = Path(__file__).resolve().parent.parent / 'weights'


class PublishedTracker(NamedTuple):
    """Tracker read from its file.

    Attributes:
        model: Config of the tracker.
        state_dict: Its weights, float32.
        facts: The publisher's statements, such as data, scores and versions.
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
    """Write a tracker to a file whose name ends in the first digits of the content's SHA-256.

    Args:
        model: Config of the tracker, plain values only.
        state_dict: Its weights.
        facts: Statements about it, plain values only.
        path: ``folder/name.safetensors`` or ``.pth``; the file becomes
            ``folder/name-0123abcd.safetensors``.
        dtype: Type of the floating point tensors in the file.

    Raises:
        FileExistsError: If a file of that name has different content.
        ValueError: If the config names a part that a reader would refuse, a value is not plain, the
            type cannot represent a weight, or the suffix is unknown.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise ValueError(f'{path}: a published tracker ends in one of {list(SUFFIXES)}.')
    check_model(model)
    tensors = {
        key: (value.to(dtype) if value.is_floating_point() else value).contiguous()
        for key, value in state_dict.items()
    }
    overflown = [key for key, value in tensors.items() if not torch.isfinite(value).all()]
    if overflown:
        raise ValueError(f'{dtype} cannot represent {overflown[:3]}: publish in float32.')
    try:
        texts = {_CONFIG: json.dumps(model), _FACTS: json.dumps(facts)}
    except TypeError as error:
        raise ValueError(f'config and facts must be plain values: {error}.') from error
    metadata = {'format': 'pt', _VERSION: FORMAT, **texts}
    if path.suffix == '.pth':
        buffer = io.BytesIO()
        torch.save(dict(state_dict=tensors, meta=metadata), buffer)
        content = buffer.getvalue()
    else:
        content = _with_sorted_header(save(tensors, metadata))
    target = path.with_name(f'{path.stem}-{_digest(content)}{path.suffix}')
    if target.exists() and target.read_bytes() != content:
        raise FileExistsError(
            f'{target} exists with different content although its name has the same hash: it was '
            'changed or truncated. Move it away, or publish under another name.'
        )
    write_atomically(target, content)
    return target


def _with_sorted_header(content: bytes) -> bytes:
    """Sort the header of safetensors, so that equal trackers have equal hashes."""
    end = 8 + int.from_bytes(content[:8], 'little')
    header = json.dumps(json.loads(content[8:end]), sort_keys=True).encode()
    header += b' ' * (-len(header) % 8)
    return len(header).to_bytes(8, 'little') + header + content[end:]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]


def read_published(path: Union[str, Path]) -> PublishedTracker:
    """Read a published tracker, or one converted from OSTrack, without running its code.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If the file is truncated, does not match the hash in its name, or holds no
            tracker of a known format.
        ValueError: If its config names a part that a tracker does not need.
    """
    path = Path(path)
    file = read_weights_file(path)
    named = re.search(rf'-([0-9a-f]{{{_HASH_DIGITS}}})$', path.stem)
    digest = _digest(path.read_bytes()) if named else ''
    if named and named[1] != digest:
        raise RuntimeError(
            f"{path}: the content's SHA-256 begins with {digest}, its name says {named[1]}. It was "
            'changed or mixed up with another file: copy it again, or rename it without the hash '
            'if the change is yours.'
        )
    model, facts = _read_metadata(file, path)
    try:
        check_model(model)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
    weights = {k: v.float() if v.is_floating_point() else v for k, v in file.tensors.items()}
    return PublishedTracker(model, weights, facts)


def _read_metadata(file: WeightsFile, path: Path) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    meta = file.meta
    if isinstance(meta.get('model'), dict) and 'converted_from' in meta:
        return meta['model'], dict(converted_from=meta['converted_from'])
    if meta.get(_VERSION) != FORMAT or _CONFIG not in meta:
        raise RuntimeError(
            f'{path} ({file.kind}) is not a published tracker of format {FORMAT} (it says '
            f'{meta.get(_VERSION)!r}): write it with tools/publish_model.py of this version, or '
            'give a config along with it.'
        )
    try:
        model, facts = ({**json.loads(meta.get(key, '{}'))} for key in (_CONFIG, _FACTS))
    except (ValueError, RecursionError, TypeError) as error:
        raise RuntimeError(
            f'{path}: its config or facts are not a JSON object ({error}): copy it again.'
        ) from error
    return model, facts


def check_model(model: Mapping[str, Any]) -> None:
    """Raise ValueError for a ``type`` that is neither a part of this package nor a known loss.

    mmengine imports any dotted name given as a ``type``, so that a config could run any function.
    """
    MODELS.import_from_location()
    known = {*(f'mmeatrack.{name}' for name in MODELS.module_dict), *_FOREIGN_TYPES}
    for name in _types(model):
        if not isinstance(name, str) or name not in known:
            raise ValueError(
                f'the config of this tracker names {name!r}; a published tracker consists only of '
                'parts of mmeatrack. It was not built. Upgrade mmeatrack if the part is newer; '
                'otherwise take the file from a publisher whom you trust.'
            )


def _types(config: Any) -> Iterator[Any]:
    """Yield all values of ``type`` keys, at any depth."""
    if isinstance(config, Mapping):
        if 'type' in config:
            yield config['type']
        config = [value for key, value in config.items() if key != 'type']
    if isinstance(config, (list, tuple)):
        for value in config:
            yield from _types(value)


def shipped_trackers() -> List[str]:
    """Return the names of the trackers that come with the package."""
    return sorted(path.stem for path in WEIGHTS.glob(f'*{SUFFIXES[0]}'))


def published_config(source: Union[str, Path, Config]) -> Tuple[Config, Path]:
    """Return config and file of a published tracker, or of a shipped one such as 'eatrack_nano'.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is neither a shipped tracker's name nor a file of tools/publish_model.py
            or tools/convert_checkpoint.py.
    """
    if not isinstance(source, Config) and str(source) in shipped_trackers():
        source = WEIGHTS / f'{source}{SUFFIXES[0]}'
    if isinstance(source, Config) or Path(source).suffix not in SUFFIXES:
        named = 'a Config' if isinstance(source, Config) else f'{str(source)!r}'
        raise ValueError(
            f'no checkpoint is given for {named}: the tracker would run on random weights. Give '
            f'its file, or instead of the config a published tracker: {shipped_trackers()} or a '
            'file of tools/publish_model.py.'
        )
    return Config(dict(model=read_published(source).model)), Path(source)
