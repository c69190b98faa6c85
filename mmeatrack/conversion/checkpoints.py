"""Conversion of whole checkpoints, recognised by the names of their tensors."""

import re
from typing import Any, Dict, Mapping, NamedTuple, Optional

from torch import Tensor

from mmeatrack.conversion.ostrack import from_ostrack, to_ostrack
from mmeatrack.conversion.state_dicts import WeightsFile
from mmeatrack.conversion.vit import convert_vit, derive_backbone, refuse_features
from mmeatrack.registry import MODELS

ORIGINS = ('auto', 'ostrack', 'deit', 'timm', 'mmpretrain', 'mmrazor', 'mmeatrack')
# Patterns of names in a state dict, by project; the first match counts.
_NAMES = {
    'ostrack': r'box_head\.|backbone\.pos_embed_z$',
    'mmrazor': r'architecture\.',
    'mmeatrack': r'(backbone\.)?(joint_stage|separate_stage)\.\d+\.',
    'mmpretrain': r'(backbone\.)?layers\.\d+\.(ln1|norm1|attn)\.',
    'timm': r'(backbone\.)?blocks\.\d+\.(norm1|attn)\.',
}


class Converted(NamedTuple):
    """Converted checkpoint.

    Attributes:
        content: Content of the file to write.
        report: Summary of the conversion, for people.
    """

    content: Dict[str, Any]
    report: str


def names_of(weights: Mapping[str, Tensor]) -> Optional[str]:
    """Return the project that names its tensors so, None if unknown. DeiT's names are timm's."""
    projects = (p for p, pattern in _NAMES.items() if any(re.match(pattern, k) for k in weights))
    return next(projects, None)


def convert_checkpoint(
    file: WeightsFile, origin: str, to: str, backbone: Optional[Mapping[str, Any]] = None
) -> Converted:
    """Convert the weights of a file.

    Args:
        file: The weights.
        origin: One of :data:`ORIGINS`.
        to: 'mmeatrack' or 'ostrack'.
        backbone: Config of the backbone that a classifier's weights are for; None for one with
            joint layers only and crops of 128 and 256 px.

    Raises:
        ValueError: If the names are unknown or not those of ``origin``, there is nothing to
            convert, or the weights have a feature that this package lacks.
    """
    weights = file.tensors
    found = names_of(weights)
    if found is None:
        refuse_features(weights)
    if found is None or (origin != 'auto' and found != {'deit': 'timm'}.get(origin, origin)):
        known = f'they look like those of {found}' if found else 'they are of no known project'
        raise ValueError(
            f'the tensors do not have the names of {origin}; {known}: {sorted(weights)[:4]}. Give '
            f'--from one of {list(ORIGINS)}.'
        )
    if backbone is not None and found not in ('timm', 'mmpretrain'):
        raise ValueError(
            f'a config is for the weights of a classifier; these are of {found}, whose depths are '
            'known. Omit it.'
        )
    if found == 'mmrazor':
        return _convert_student(file, to)
    if found == to:
        raise ValueError(f'it has the names of {to} already; give the other project with --to.')
    if to == 'ostrack' and found != 'mmeatrack':
        raise ValueError(
            f'weights of {found} have no head and therefore make no OSTrack. Give them to '
            "OSTrack's own MODEL.PRETRAIN_FILE as they are."
        )
    if to == 'ostrack':
        return _to_ostrack(file)
    return _from_ostrack(weights) if found == 'ostrack' else _from_vit(weights, found, backbone)


def _convert_student(file: WeightsFile, to: str) -> Converted:
    prefix = 'architecture.'
    student = {k[len(prefix) :]: v for k, v in file.tensors.items() if k.startswith(prefix)}
    others = len(file.tensors) - len(student)
    done = f'{len(student)} tensors of the student; {others} of teacher and distiller dropped'
    if to == 'ostrack':
        converted = _to_ostrack(file._replace(tensors=student))
        return converted._replace(report=f'{done}; {converted.report}')
    return Converted(dict(state_dict=student, meta=dict(converted_from='mmrazor')), done)


def _to_ostrack(file: WeightsFile) -> Converted:
    left_out = file.meta.get('left_out', {})  # text in the metadata of safetensors
    net = to_ostrack(file.tensors, left_out if isinstance(left_out, dict) else {})
    report = f'{len(net)} tensors renamed from mmeatrack to ostrack'
    return Converted(dict(net=net, net_type='OSTrack', epoch=0), report)


def _from_ostrack(weights: Mapping[str, Tensor]) -> Converted:
    renamed, model, left_out = from_ostrack(weights)
    meta = dict(converted_from='ostrack', model=model, left_out=left_out)
    return Converted(
        dict(state_dict=renamed, meta=meta),
        f'{len(renamed)} tensors renamed from ostrack to mmeatrack, {len(left_out)} that no '
        f'forward reads set aside {sorted(left_out)}; candidate elimination has no weights, and a '
        'tracker trained with it runs without it',
    )


def _from_vit(
    weights: Mapping[str, Tensor], origin: str, config: Optional[Mapping[str, Any]]
) -> Converted:
    config = dict(config or derive_backbone(weights))
    layers, grid = (config.pop(f'pretrained_{name}', None) for name in ('layers', 'grid'))
    config.pop('pretrained', None)
    built = MODELS.build(dict(config))
    done = convert_vit(weights, built, layers or 'first', grid)
    shapes = {key: value.shape for key, value in built.state_dict().items()}
    found = {key: value.shape for key, value in done.tensors.items()}
    wrong = [key for key, shape in shapes.items() if found.get(key) != shape]
    if wrong:
        raise ValueError(
            f'{len(wrong)} tensors of the backbone are missing or of another shape, such as '
            f'{wrong[:3]}: give the config of a tracker with the same width, patch and at most as '
            'many layers.'
        )
    tensors = {f'backbone.{key}': done.tensors[key] for key in shapes}
    meta = dict(converted_from=origin, backbone=config)
    return Converted(dict(state_dict=tensors, meta=meta), f'{origin}: {done}')
