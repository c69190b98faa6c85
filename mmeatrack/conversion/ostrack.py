"""Weights of OSTrack and its relatives under this package's names, and back.

OSTrack (https://github.com/botaoye/OSTrack, ECCV 2022) is a one-stream vision transformer with a
center head: an :class:`EATrack` with joint layers only. Candidate elimination has no weights of its
own; a model trained with it runs without it.
"""

import math
import re
from itertools import product
from typing import Any, Dict, Iterable, Mapping, NamedTuple

from torch import Tensor

from mmeatrack.conversion.vit import find_feature, joint_backbone

# Tensors that the tracker's forward never reads; AVTrack's global_stat_x belongs to a loss.
_UNUSED = re.compile(
    r'backbone\.(cls_token|dist_token|pos_embed|cls_pos_embed|head\.|head_dist\.)|global_stat_x\.'
)
# Patterns of tensors that change the forward, each with its feature.
_FEATURES = {
    r'backbone\.blocks\.\d+\.active_score_module\.': "AVTrack's self-deactivating layers",
    r'backbone\.MLP\.': "SGLATrack's similarity-guided layer selection",
    r'backbone\.blocks\.\d+\.(mlp\.(fc1_[gx]|w12|norm)|attn\.([qkv]_proj|[qv]_bias|norm))\b': (
        "EVA-02's layers (variants of AVTrack and ORTrack)"
    ),
    r'backbone\.(template|search)_segment_pos_embed': 'segment embeddings (SEP_SEG)',
    r'backbone\.blocks\.\d+\.ls[12]\.': 'layer scale',
    r'backbone\.blocks\.\d+\.attn\.[qk]_norm\.': 'normalised queries and keys',
    r'backbone\.norm\d+\.': 'features of several stages (RETURN_INTER)',
    r'backbone\.reg_token': 'register tokens',
    r'box_head\.conv\d_(tl|br)\.': 'a corner head',
    r'box_head\.layers\.': 'an MLP head',
}
_LAYER_MODULES = ('norm1', 'norm2', 'attn.qkv', 'attn.proj', 'mlp.fc1', 'mlp.fc2')
_BRANCHES = {'ctr': 'score', 'offset': 'offset', 'size': 'size'}
_NUM_CONVS = 5


class Conversion(NamedTuple):
    """Converted weights.

    Attributes:
        state_dict: Tensors of an :class:`EATrack`.
        model: Config of that tracker, derived from the shapes.
        left_out: Tensors of the source that no forward reads, under their original names.
    """

    state_dict: Dict[str, Tensor]
    model: Dict[str, Any]
    left_out: Dict[str, Tensor]


def is_ostrack(weights: Mapping[str, Tensor]) -> bool:
    """Return whether the names are those of OSTrack or a relative."""
    return 'backbone.pos_embed_z' in weights or any(key.startswith('box_head.') for key in weights)


def convert_if_ostrack(weights: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """Convert weights of OSTrack to this package's names; return others unchanged.

    Raises:
        ValueError: If they are of a relative of OSTrack that this package cannot run.
    """
    return from_ostrack(weights).state_dict if is_ostrack(weights) else dict(weights)


def from_ostrack(weights: Mapping[str, Tensor]) -> Conversion:
    """Rename the tensors of an OSTrack, and derive its config.

    Raises:
        ValueError: If a tensor is missing, unknown, or of a part that changes the forward and is
            not in this package. Nothing is converted then.
    """
    feature = find_feature(_FEATURES, weights)
    if feature:
        raise ValueError(
            f'these weights need {feature}, which changes what the network computes and which '
            'mmeatrack.EATrack does not have. Nothing was converted.'
        )
    depth = _depth('backbone.blocks', weights)
    names = _names(depth)
    state_dict = {name: weights[key] for key, name in names.items() if key in weights}
    others = {key: value for key, value in weights.items() if key not in names}
    left_out = {key: value for key, value in others.items() if _UNUSED.match(key)}
    unknown = [key for key in others if key not in left_out]
    if unknown:
        raise ValueError(
            f'{len(unknown)} tensors belong to no known part of OSTrack: {unknown[:5]}. They may '
            'change what the network computes, so nothing was converted.'
        )
    has_bias = 'backbone.joint_stage.0.attn.qkv.bias' in state_dict
    optional = ('num_batches_tracked', *(() if has_bias else ('qkv.bias',)))
    absent = {name for name in names.values() if not name.endswith(optional)} - set(state_dict)
    if absent:
        raise ValueError(
            f'{len(absent)} tensors are missing (named as in mmeatrack): {sorted(absent)[:5]}. Is '
            'the file truncated, or of another tracker?'
        )
    return Conversion(state_dict, _derive_model(state_dict, depth, has_bias), left_out)


def to_ostrack(
    state_dict: Mapping[str, Tensor], left_out: Mapping[str, Tensor] = {}
) -> Dict[str, Tensor]:
    """Rename the tensors of an :class:`EATrack` with joint layers only to OSTrack's names.

    Args:
        state_dict: Its state dict.
        left_out: Tensors under OSTrack's names to add, such as those of :class:`Conversion`.

    Raises:
        ValueError: If the tracker has separate layers, which OSTrack lacks, or other tensors.
    """
    separate = [key for key in state_dict if key.startswith('backbone.separate_stage.')]
    if separate:
        raise ValueError(
            f'{len(separate)} tensors belong to separate layers ({separate[0]}). OSTrack has only '
            'joint layers: give a teacher, or another tracker with separate_depth=0.'
        )
    depth = _depth('backbone.joint_stage', state_dict)
    theirs = {ours: name for name, ours in _names(depth).items()}
    unknown = [key for key in state_dict if key not in theirs]
    if unknown:
        raise ValueError(f'{unknown[:5]} have no counterpart in OSTrack: use another tracker.')
    return {**left_out, **{theirs[key]: value for key, value in state_dict.items()}}


def _depth(layers: str, names: Iterable[str]) -> int:
    """Number of layers under a prefix, at least 1."""
    found = (re.match(rf'{re.escape(layers)}\.(\d+)\.', name) for name in names)
    return 1 + max((int(match[1]) for match in found if match), default=0)


def _names(depth: int) -> Dict[str, str]:
    """OSTrack's name of each tensor -> name in an EATrack with ``depth`` joint layers."""
    modules = {name: name for name in ('backbone.patch_embed.proj', 'backbone.norm')}
    for i, part in product(range(depth), _LAYER_MODULES):
        modules[f'backbone.blocks.{i}.{part}'] = f'backbone.joint_stage.{i}.{part}'
    names = {
        'backbone.pos_embed_z': 'backbone.template_pos_embed',
        'backbone.pos_embed_x': 'backbone.search_pos_embed',
    }
    for (theirs, ours), i in product(_BRANCHES.items(), range(_NUM_CONVS)):
        conv, layer = f'box_head.conv{i + 1}_{theirs}', f'head.{ours}_branch.{i}'
        if i == _NUM_CONVS - 1:
            modules[conv] = layer
            continue
        modules.update({f'{conv}.0': f'{layer}.0', f'{conv}.1': f'{layer}.1'})
        for end in ('running_mean', 'running_var', 'num_batches_tracked'):
            names[f'{conv}.1.{end}'] = f'{layer}.1.{end}'
    for (theirs, ours), end in product(modules.items(), ('weight', 'bias')):
        names[f'{theirs}.{end}'] = f'{ours}.{end}'
    return names


def _derive_model(state_dict: Mapping[str, Tensor], depth: int, qkv_bias: bool) -> Dict[str, Any]:
    patch = state_dict['backbone.patch_embed.proj.weight']
    hidden = len(state_dict['backbone.joint_stage.0.mlp.fc1.weight'])
    positions = (state_dict[f'backbone.{part}_pos_embed'] for part in ('template', 'search'))
    grids = [_grid(embedding.shape[1]) for embedding in positions]
    backbone = joint_backbone(patch, hidden, depth, qkv_bias, grids)
    # OSTrack's crops: template factor 2; search factor 4 at 256 px, 5 at 384 px.
    factor = 5.0 if backbone['search_size'] >= 384 else 4.0
    return dict(
        type='mmeatrack.EATrack',
        backbone=backbone,
        head=dict(
            type='mmeatrack.CenterHead',
            in_channels=len(patch),
            feat_channels=len(state_dict['head.score_branch.0.0.weight']),
        ),
        data_preprocessor=dict(
            type='mmeatrack.CropDataPreprocessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
        ),
        test_cfg=dict(template_factor=2.0, search_factor=factor),
    )


def _grid(cells: int) -> int:
    side = math.isqrt(cells)
    if side * side != cells:
        raise ValueError(
            f'a position embedding of {cells} cells is not square: use weights for square crops.'
        )
    return side
