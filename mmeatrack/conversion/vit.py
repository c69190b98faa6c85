"""ImageNet weights of plain vision transformers, converted for the asymmetric backbone.

ViT, DeiT and MAE in timm's layout (https://github.com/huggingface/pytorch-image-models) or
mmpretrain's (https://github.com/open-mmlab/mmpretrain).
"""

import math
import re
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import torch.nn.functional as F
from torch import Size, Tensor

Layers = Union[str, Sequence[int]]
LAYER_CHOICES = ('first', 'even')
# Channels of a head in the usual ViTs (tiny 3, small 6, base 12 heads).
HEAD_DIMS = 64

# Tensors of a classifier or an image decoder, which a tracker does not have.
_UNUSED = re.compile(
    r'(cls_token|dist_token|mask_token|head\.|head_dist\.|fc\.|fc_norm\.|pre_logits\.|decoder_)'
)
# Patterns of tensors that the backbone does not have, each with its feature.
_FEATURES = {
    r'(blocks|layers)\.\d+\.(ls[12]\.|gamma_?[12]\b)': 'layer scale, as in DINOv2 and DeiT-3',
    r'(reg_token|register_tokens)': 'register tokens, as in DINOv2 with registers',
    r'(blocks|layers)\.\d+\.attn\.[qk]_norm\.': 'normalised queries and keys',
    r'(blocks|layers)\.\d+\.(mlp|ffn)\.(w12|w[123]|fc1_[gx])\.': 'SwiGLU MLPs',
    r'(blocks|layers)\.\d+\.attn\.([qv]_bias|relative_position|rel_pos)': 'the attention of BEiT',
    r'(norm_pre|pre_norm|ln_pre)\.': 'a norm before the first layer, as in CLIP',
    r'(vit|embeddings|encoder)\.': "the names of Hugging Face's transformers",
}
# Patterns of mmpretrain's names, with their replacements in timm's.
_TIMM_NAMES = (
    (r'layers(\.\d+\.)', r'blocks\1'),
    (r'(blocks\.\d+\.)ln([12]\.)', r'\1norm\2'),
    (r'(blocks\.\d+\.)ffn\.layers\.0\.0\.', r'\1mlp.fc1.'),
    (r'(blocks\.\d+\.)ffn\.layers\.1\.', r'\1mlp.fc2.'),
    (r'patch_embed\.projection\.', 'patch_embed.proj.'),
    (r'(ln1|norm1)\.', 'norm.'),
)


class ViTConversion(NamedTuple):
    """Converted weights of a vision transformer.

    Attributes:
        tensors: Tensors under the backbone's names.
        renamed: Pairs of a name in the source and its name in the backbone.
        resized: Resized position embeddings of the backbone, each with both grids.
        left_out: Names in the source that the backbone does not use.
    """

    tensors: Dict[str, Tensor]
    renamed: List[Tuple[str, str]]
    resized: List[str]
    left_out: List[str]

    def __str__(self) -> str:
        return (
            f'{len(self.tensors)} tensors converted; {len(self.renamed)} renamed; '
            f'{len(self.resized)} resized {self.resized}; {len(self.left_out)} left out '
            f'{self.left_out}'
        )


def convert_vit(
    weights: Mapping[str, Tensor],
    backbone: Any,
    layers: Layers = 'first',
    grid: Optional[Tuple[int, int]] = None,
) -> ViTConversion:
    """Convert the weights of a classifier or autoencoder for an :class:`AsymmetricViT`.

    Position embeddings lose their class and distillation tokens and are resized to both grids.

    Args:
        weights: State dict with timm's or mmpretrain's names.
        backbone: The backbone, for its depth, names and grids.
        layers: Source layers for the backbone's: the 'first' ones, 'even'ly spaced ones that
            include the last, or a list of numbers from 0.
        grid: Rows and columns of the source's position embedding; None for a square.

    Raises:
        ValueError: If the source has a feature that the backbone lacks, its grid is not square and
            not given, or it lacks a chosen layer.
    """
    source = {re.sub(r'^backbone\.', '', key): value for key, value in weights.items()}
    refuse_features(source)
    names = {key: _timm_name(key) for key in source}
    chosen = _choose_layers(names.values(), backbone.depth, layers)
    targets = {f'blocks.{number}.': backbone.layer_name(i) for i, number in enumerate(chosen)}
    tensors: Dict[str, Tensor] = {}
    renamed: List[Tuple[str, str]] = []
    left_out: List[str] = []
    for key, name in names.items():
        layer = re.match(r'blocks\.\d+\.', name)
        if key == 'pos_embed':
            continue
        if _UNUSED.match(name) or (layer and layer[0] not in targets):
            left_out.append(key)
            continue
        target = f'{targets[layer[0]]}.{name[layer.end() :]}' if layer else name
        tensors[target] = source[key]
        if target != key:
            renamed.append((key, target))
    resized: List[str] = []
    if 'pos_embed' in source:
        shape = _source_grid(source, grid)
        for target in ('template_pos_embed', 'search_pos_embed'):
            side = getattr(backbone, target.replace('pos_embed', 'grid'))
            tensors[target] = resize_positions(source['pos_embed'], shape, (side, side))
            renamed.append(('pos_embed', target))
            if shape != (side, side):
                resized.append(f'{target} {shape[0]}x{shape[1]} to {side}x{side}')
    return ViTConversion(tensors, renamed, resized, left_out)


def derive_backbone(weights: Mapping[str, Tensor]) -> Dict[str, Any]:
    """Derive the config of a backbone with joint layers only, as OSTrack initialises from a ViT.

    ValueError if a tensor is missing, a feature is not a plain ViT's, or the width does not fit.
    """
    source = {_timm_name(re.sub(r'^backbone\.', '', key)): value for key, value in weights.items()}
    refuse_features(source)
    try:
        patch = source['patch_embed.proj.weight']
        hidden = len(source['blocks.0.mlp.fc1.weight'])
    except KeyError as error:
        raise ValueError(f'the tensor {error} (as in timm) is missing: is it a ViT?') from error
    depth = len({key.split('.')[1] for key in source if key.startswith('blocks.')})
    return joint_backbone(patch, hidden, depth, 'blocks.0.attn.qkv.bias' in source, (8, 16))


def joint_backbone(
    patch: Tensor, hidden: int, depth: int, qkv_bias: bool, grids: Sequence[int]
) -> Dict[str, Any]:
    """Return the config of a backbone with joint layers only.

    ``patch`` has the weights (C, 3, p, p) of its patch embedding, ``hidden`` is the hidden width of
    the MLPs, and ``grids`` are the cells along a side of the template and of the search crop.
    ValueError if C is not a multiple of 64, a head's channels in the usual models.
    """
    width, side = patch.shape[0], patch.shape[-1]
    if width % HEAD_DIMS:
        raise ValueError(
            f'{width} channels are not a multiple of {HEAD_DIMS}, the channels of a head in the '
            'usual models: give the config of the tracker.'
        )
    return dict(
        type='mmeatrack.AsymmetricViT',
        separate_depth=0,
        joint_depth=depth,
        embed_dims=width,
        num_heads=width // HEAD_DIMS,
        mlp_ratio=hidden / width,
        qkv_bias=qkv_bias,
        patch_size=side,
        template_size=grids[0] * side,
        search_size=grids[1] * side,
    )


def resize_positions(pos_embed: Tensor, source: Tuple[int, int], target: Tuple[int, int]) -> Tensor:
    """Resize a position embedding to (1, rows * columns, C) by bicubic interpolation, as OSTrack.

    Args:
        pos_embed: (1, extra + rows * columns, C); the extra tokens come first and are dropped.
        source, target: Rows and columns.
    """
    rows, columns = source
    patches = pos_embed[:, pos_embed.shape[1] - rows * columns :]
    if source == target:
        return patches
    image = patches.transpose(1, 2).unflatten(2, Size((rows, columns)))
    image = F.interpolate(image.float(), target, mode='bicubic', align_corners=False)
    return image.flatten(2).transpose(1, 2)


def refuse_features(source: Mapping[str, Tensor]) -> None:
    """Raise ValueError for weights of an architecture that the backbone does not have."""
    feature = find_feature(_FEATURES, source)
    if feature:
        raise ValueError(
            f'the weights have {feature}, which mmeatrack.AsymmetricViT does not have: its '
            'features would be wrong. Use the weights of a plain ViT, DeiT or MAE.'
        )
    if 'fc_norm.weight' in source and 'norm.weight' not in source:
        raise ValueError(
            'the weights have no final norm but fc_norm, which follows average pooling: their last '
            'features were never normalised per token. Use the weights from before fine-tuning, or '
            'those of a model with a class token.'
        )


def find_feature(features: Mapping[str, str], names: Iterable[str]) -> str:
    """Return the first feature whose pattern matches a name, and its tensors; '' if none does."""
    for pattern, feature in features.items():
        found = [key for key in names if re.match(pattern, key)]
        if found:
            return f'{feature} ({len(found)} tensors, such as {found[0]})'
    return ''


def _timm_name(key: str) -> str:
    """Convert a name in either layout to timm's."""
    for pattern, name in _TIMM_NAMES:
        key = re.sub(f'^{pattern}', name, key)
    return key


def _choose_layers(names: Iterable[str], needed: int, layers: Layers) -> List[int]:
    """Numbers of the source layers, one for each of the backbone's."""
    numbers = {int(name.split('.')[1]) for name in names if name.startswith('blocks.')}
    depth = len(numbers)
    if not isinstance(layers, str):
        chosen = list(layers)
        if len(chosen) == len(set(chosen)) == needed and set(chosen) <= numbers:
            return chosen
        raise ValueError(
            f'pretrained_layers={chosen}: give {needed} different numbers, one for each layer of '
            f'the backbone, from 0 to {depth - 1}.'
        )
    if layers not in LAYER_CHOICES:
        raise ValueError(
            f'pretrained_layers={layers!r} is unknown: give one of {LAYER_CHOICES} or a list.'
        )
    if layers == 'first':  # the caller reports layers that a shallower source lacks
        return list(range(min(needed, depth)))
    if depth < needed:
        raise ValueError(
            f'the weights have {depth} layers and the backbone {needed}: use those of a deeper '
            'model.'
        )
    return [-(-(place + 1) * depth // needed) - 1 for place in range(needed)]


def _source_grid(source: Mapping[str, Tensor], grid: Optional[Tuple[int, int]]) -> Tuple[int, int]:
    extra = sum(token in source for token in ('cls_token', 'dist_token'))
    cells = source['pos_embed'].shape[1]
    if grid is not None:
        if grid[0] * grid[1] not in (cells, cells - extra):
            raise ValueError(
                f'a grid of {grid[0]}x{grid[1]} does not fit a position embedding of {cells} '
                f'tokens, {extra} of them for the class: give its rows and columns.'
            )
        return grid[0], grid[1]
    # The position embedding of DeiT-3 has no class token.
    for count in (cells - extra, cells):
        side = math.isqrt(count)
        if side * side == count:
            return side, side
    raise ValueError(
        f'the position embedding has {cells - extra} cells, which do not form a square: give the '
        'grid, pretrained_grid=(rows, columns).'
    )
