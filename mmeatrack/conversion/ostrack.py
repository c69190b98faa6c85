"""Weights of OSTrack and its relatives under this package's names, and back.

OSTrack (https://github.com/botaoye/OSTrack, ECCV 2022) is a one-stream vision transformer with a
center head: an :class:`EATrack` whose layers are all joint. Candidate elimination has no weights of
its own; a model trained with it is run without.
"""

import math
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

from torch import Tensor

from mmeatrack.conversion.vit import find_feature, joint_backbone

# Tensors that a forward of the tracker never reads.
_UNUSED = (
    'backbone.cls_token',
    'backbone.dist_token',
    'backbone.pos_embed',
    'backbone.cls_pos_embed',
    'backbone.head.',
    'backbone.head_dist.',
    'global_stat_x.',  # AVTrack's mutual information, a loss
)
# Tensors that change the forward, by the feature that they belong to.
_FEATURES = {
    r'backbone\.blocks\.\d+\.active_score_module\.': "AVTrack's layers that switch themselves off",
    r'backbone\.MLP\.': "SGLATrack's choice of layers by similarity",
    r'backbone\.blocks\.\d+\.(mlp\.(fc1_[gx]|w12|norm)|attn\.([qkv]_proj|[qv]_bias|norm))\b': (
        "EVA-02's layers (variants of AVTrack and ORTrack)"
    ),
    r'backbone\.(template|search)_segment_pos_embed': 'segment embeddings (SEP_SEG)',
    r'backbone\.blocks\.\d+\.ls[12]\.': 'layer scale',
    r'backbone\.blocks\.\d+\.attn\.[qk]_norm\.': 'normalised queries and keys',
    r'backbone\.norm\d+\.': 'features of several stages (RETURN_INTER)',
    r'backbone\.reg_token': 'register tokens',
    r'box_head\.conv\d_(tl|br)\.': 'a corner head',
    r'box_head\.layers\.': 'a perceptron as head',
}
_BRANCHES = {'ctr': 'score_branch', 'offset': 'offset_branch', 'size': 'size_branch'}
_NUM_CONVS = 4

_BACKBONE_NAMES = {
    'backbone.pos_embed_z': 'backbone.template_pos_embed',
    'backbone.pos_embed_x': 'backbone.search_pos_embed',
    'backbone.patch_embed.proj.weight': 'backbone.patch_embed.proj.weight',
    'backbone.patch_embed.proj.bias': 'backbone.patch_embed.proj.bias',
    'backbone.norm.weight': 'backbone.norm.weight',
    'backbone.norm.bias': 'backbone.norm.bias',
}
_LAYER_TENSOR = re.compile(r'(?:norm[12]|attn\.(?:qkv|proj)|mlp\.fc[12])\.(?:weight|bias)')


class Conversion(NamedTuple):
    """Converted weights.

    Attributes:
        state_dict: Tensors of an :class:`EATrack`.
        model: Config of that tracker, derived from the shapes.
        left_out: Tensors of the source that no forward reads, under their old names.
    """

    state_dict: Dict[str, Tensor]
    model: Dict[str, Any]
    left_out: Dict[str, Tensor]


def is_ostrack(weights: Mapping[str, Tensor]) -> bool:
    """True if the names are those of OSTrack or a relative."""
    return 'backbone.pos_embed_z' in weights or any(key.startswith('box_head.') for key in weights)


def under_own_names(weights: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """Weights under this package's names: those of OSTrack renamed, all others as they are.

    Raises:
        ValueError: If they are of a relative of OSTrack that this package cannot run.
    """
    return from_ostrack(weights).state_dict if is_ostrack(weights) else dict(weights)


def from_ostrack(weights: Mapping[str, Tensor]) -> Conversion:
    """Rename the tensors of an OSTrack, and derive its config.

    Raises:
        ValueError: If the weights have a part that changes the forward and that this package does
            not have, or lack one. Nothing is converted then.
    """
    feature = find_feature(_FEATURES, weights)
    if feature:
        raise ValueError(
            f'these weights need {feature}, which changes what the network computes and which '
            'mmeatrack.EATrack does not have. Nothing was converted.'
        )
    state_dict: Dict[str, Tensor] = {}
    left_out: Dict[str, Tensor] = {}
    unknown: List[str] = []
    for key, value in weights.items():
        name = _our_name(key)
        if name is not None:
            state_dict[name] = value
        elif key.startswith(_UNUSED):
            left_out[key] = value
        else:
            unknown.append(key)
    if unknown:
        raise ValueError(
            f'{len(unknown)} tensors belong to no part of OSTrack that is known here: '
            f'{unknown[:5]}. They may change what the network computes, so nothing was converted.'
        )
    model = _derive_model(state_dict)
    missing = sorted(set(_expected_names(model)) - set(state_dict))
    if missing:
        raise ValueError(
            f'{len(missing)} tensors are missing (by their names here): {missing[:5]}. Is the file '
            'cut, or of another tracker?'
        )
    return Conversion(state_dict, model, left_out)


def to_ostrack(
    state_dict: Mapping[str, Tensor], left_out: Mapping[str, Tensor] = {}
) -> Dict[str, Tensor]:
    """Rename the tensors of an :class:`EATrack` of joint layers to OSTrack's names.

    Args:
        state_dict: Its state dict.
        left_out: Tensors under OSTrack's names to add, those of :class:`Conversion` for instance.

    Raises:
        ValueError: If the tracker has separate layers, which OSTrack has not, or other tensors.
    """
    separate = [key for key in state_dict if key.startswith('backbone.separate_stage.')]
    if separate:
        raise ValueError(
            f'{len(separate)} tensors belong to separate layers ({separate[0]}): OSTrack has joint '
            'layers only, so only a teacher, or another tracker with separate_depth=0, can be '
            'written as one.'
        )
    renamed = {_their_name(key): value for key, value in state_dict.items()}
    return {**left_out, **renamed}


def _our_name(key: str) -> Any:
    """Name here of a tensor of OSTrack's forward; None for any other."""
    if key in _BACKBONE_NAMES:
        return _BACKBONE_NAMES[key]
    layer = re.fullmatch(r'backbone\.blocks\.(\d+)\.(.+)', key)
    if layer and _LAYER_TENSOR.fullmatch(layer[2]):
        return f'backbone.joint_stage.{layer[1]}.{layer[2]}'
    head = re.fullmatch(r'box_head\.conv([1-5])_(ctr|offset|size)\.(.+)', key)
    if head:
        return f'head.{_BRANCHES[head[2]]}.{int(head[1]) - 1}.{head[3]}'
    return None


def _their_name(key: str) -> str:
    theirs = {ours: name for name, ours in _BACKBONE_NAMES.items()}.get(key)
    if theirs is not None:
        return theirs
    layer = re.fullmatch(r'backbone\.joint_stage\.(\d+)\.(.+)', key)
    if layer:
        return f'backbone.blocks.{layer[1]}.{layer[2]}'
    head = re.fullmatch(r'head\.(score|offset|size)_branch\.(\d)\.(.+)', key)
    if head:
        branch = 'ctr' if head[1] == 'score' else head[1]
        return f'box_head.conv{int(head[2]) + 1}_{branch}.{head[3]}'
    raise ValueError(f'{key} has no counterpart in OSTrack.')


def _derive_model(state_dict: Mapping[str, Tensor]) -> Dict[str, Any]:
    try:
        patch = state_dict['backbone.patch_embed.proj.weight']
        fc1 = state_dict['backbone.joint_stage.0.mlp.fc1.weight']
        template_grid = _side(state_dict['backbone.template_pos_embed'])
        search_grid = _side(state_dict['backbone.search_pos_embed'])
        channels = state_dict['head.score_branch.0.0.weight'].shape[0]
    except KeyError as error:
        raise ValueError(
            f'the tensor {error} (its name here) is missing: these are no whole weights of OSTrack.'
        ) from error
    depth = 1 + max(
        int(key.split('.')[2]) for key in state_dict if key.startswith('backbone.joint_stage.')
    )
    has_bias = 'backbone.joint_stage.0.attn.qkv.bias' in state_dict
    grids = (template_grid, search_grid)
    backbone = joint_backbone(patch, fc1.shape[0], depth, has_bias, grids)
    head = dict(type='mmeatrack.CenterHead', in_channels=len(patch), feat_channels=channels)
    # OSTrack's crops: template factor 2; search factor 4 at 256 px, 5 at 384 px.
    factor = 5.0 if backbone['search_size'] >= 384 else 4.0
    return dict(
        type='mmeatrack.EATrack',
        backbone=backbone,
        head=head,
        data_preprocessor=dict(
            type='mmeatrack.CropDataPreprocessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
        ),
        test_cfg=dict(template_factor=2.0, search_factor=factor),
    )


def _side(pos_embed: Tensor) -> int:
    side = math.isqrt(pos_embed.shape[1])
    if side * side != pos_embed.shape[1]:
        raise ValueError(f'a position embedding of {pos_embed.shape[1]} cells is not square.')
    return side


def _expected_names(model: Mapping[str, Any]) -> List[str]:
    bias = ('weight', 'bias')
    layer = [
        f'{name}.{end}'
        for name in ('norm1', 'norm2', 'attn.proj', 'mlp.fc1', 'mlp.fc2')
        for end in bias
    ]
    layer += [f'attn.qkv.{end}' for end in bias[: 1 + model['backbone']['qkv_bias']]]
    names = list(_BACKBONE_NAMES.values())
    for number in range(model['backbone']['joint_depth']):
        names += [f'backbone.joint_stage.{number}.{name}' for name in layer]
    conv: Tuple[str, ...] = tuple(f'{part}.{end}' for part in '01' for end in bias)
    conv += ('1.running_mean', '1.running_var')
    for branch in _BRANCHES.values():
        names += [f'head.{branch}.{i}.{name}' for i in range(_NUM_CONVS) for name in conv]
        names += [f'head.{branch}.{_NUM_CONVS}.{end}' for end in bias]
    return names
