"""ImageNet weights of plain vision transformers under the asymmetric backbone's names.

ViT, DeiT and MAE in timm's layout (https://github.com/huggingface/pytorch-image-models) or
mmpretrain's (https://github.com/open-mmlab/mmpretrain).
"""

import re
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import torch.nn.functional as F
from torch import Size, Tensor

Layers = Union[str, Sequence[int]]
LAYER_CHOICES = ('first', 'even')
# Width of a head in the usual ViTs (tiny 3, small 6, base 12 heads).
HEAD_DIMS = 64

# Tensors of a classifier or of an image decoder, which a tracker does not have.
_UNUSED = re.compile(
    r'(cls_token|dist_token|mask_token|head\.|head_dist\.|fc\.|pre_logits\.|decoder_)'
)
_EXTRA_TOKENS = ('cls_token', 'dist_token')
# Tensors of architectures that the backbone does not have, by the feature that they belong to.
_FEATURES = {
    r'(blocks|layers)\.\d+\.(ls[12]\.|gamma_?[12]\b)': 'layer scale, as in DINOv2 and DeiT-3',
    r'(reg_token|register_tokens)': 'register tokens, as in DINOv2 with registers',
    r'(blocks|layers)\.\d+\.attn\.[qk]_norm\.': 'normalised queries and keys',
    r'(blocks|layers)\.\d+\.(mlp|ffn)\.(w12|w[123]|fc1_[gx])\.': 'SwiGLU perceptrons',
    r'(blocks|layers)\.\d+\.attn\.([qv]_bias|relative_position|rel_pos)': 'the attention of BEiT',
    r'(norm_pre|pre_norm|ln_pre)\.': 'a norm before the first layer, as in CLIP',
    r'(vit|embeddings|encoder)\.': "the names of Hugging Face's transformers",
}
# mmpretrain's names within a layer, and timm's.
_MMPRETRAIN_LAYER = {
    'ln1.': 'norm1.',
    'ln2.': 'norm2.',
    'ffn.layers.0.0.': 'mlp.fc1.',
    'ffn.layers.1.': 'mlp.fc2.',
}
_MMPRETRAIN = {'patch_embed.projection.': 'patch_embed.proj.', 'ln1.': 'norm.', 'norm1.': 'norm.'}


class ViTConversion(NamedTuple):
    """Weights of a vision transformer, converted.

    Attributes:
        tensors: By the backbone's names.
        renamed: (name in the source, name here).
        resized: Names here whose position embeddings were resized, with both grids.
        left_out: Names in the source that the backbone has no place for.
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
        weights: State dict in timm's or mmpretrain's layout.
        backbone: The backbone, for its depth, names and grids.
        layers: Source layers that become the backbone's: the 'first' ones, 'even'ly spaced ones
            with the last as the last, or a list of numbers from 0.
        grid: Rows and columns of the source's position embedding; None for a square.

    Raises:
        ValueError: If the source has a feature that the backbone has not, its grid is not square
            and not given, or it lacks a chosen layer.
    """
    source = {_without_backbone(key): value for key, value in weights.items()}
    refuse_features(source)
    names = {key: _timm_name(key) for key in source}
    chosen = _chosen(names, backbone.depth, layers)
    places = {number: place for place, number in enumerate(chosen)}
    tensors: Dict[str, Tensor] = {}
    renamed: List[Tuple[str, str]] = []
    resized: List[str] = []
    left_out: List[str] = []
    for key, value in source.items():
        name = _place(names[key], backbone, places)
        if key == 'pos_embed':
            for part, side in (
                ('template', backbone.template_grid),
                ('search', backbone.search_grid),
            ):
                target = f'{part}_pos_embed'
                shape = _grid_of(value, source, grid)
                tensors[target] = resize_positions(value, shape, (side, side))
                renamed.append((key, target))
                if shape != (side, side):
                    resized.append(f'{target} {shape[0]}x{shape[1]} to {side}x{side}')
        elif name is None:
            left_out.append(key)
        else:
            tensors[name] = value
            if name != key:
                renamed.append((key, name))
    return ViTConversion(tensors, renamed, resized, left_out)


def derive_backbone(weights: Mapping[str, Tensor]) -> Dict[str, Any]:
    """Config of a backbone of joint layers for a classifier's weights, as OSTrack starts from it.

    Raises:
        ValueError: If a tensor is missing, a feature is not a plain ViT's, or the width does not
            fit :func:`joint_backbone`.
    """
    source = {_timm_name(_without_backbone(key)): value for key, value in weights.items()}
    refuse_features(source)
    try:
        patch = source['patch_embed.proj.weight']
        hidden = source['blocks.0.mlp.fc1.weight'].shape[0]
    except KeyError as error:
        raise ValueError(
            f'the tensor {error} (its name in timm) is missing: is it a ViT?'
        ) from error
    depth = len({key.split('.')[1] for key in source if key.startswith('blocks.')})
    return joint_backbone(patch, hidden, depth, 'blocks.0.attn.qkv.bias' in source, (8, 16))


def joint_backbone(
    patch: Tensor, hidden: int, depth: int, qkv_bias: bool, grids: Tuple[int, int]
) -> Dict[str, Any]:
    """Config of a backbone of joint layers.

    Args:
        patch: (C, 3, p, p) weights of its patch embedding.
        hidden: Width of the perceptrons.
        depth, qkv_bias: See :class:`AsymmetricViT`.
        grids: Cells along a side of template and search crop.

    Raises:
        ValueError: If C is no multiple of 64, a head's width in the usual models.
    """
    width, side = patch.shape[0], patch.shape[-1]
    if width % HEAD_DIMS:
        raise ValueError(
            f'{width} channels are no multiple of {HEAD_DIMS}, the width of a head in the usual '
            'models: give the config of the tracker.'
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
    """Resize a position embedding to (1, rows * columns, C), bicubic, as OSTrack does.

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


def _without_backbone(key: str) -> str:
    return key[len('backbone.') :] if key.startswith('backbone.') else key


def refuse_features(source: Mapping[str, Tensor]) -> None:
    """Refuse weights of an architecture that the backbone does not have (ValueError)."""
    feature = find_feature(_FEATURES, source)
    if feature:
        raise ValueError(
            f'the weights have {feature}, which mmeatrack.AsymmetricViT does not have: its '
            'features would be wrong. Use the weights of a plain ViT, DeiT or MAE.'
        )
    if 'fc_norm.weight' in source and 'norm.weight' not in source:
        raise ValueError(
            'the weights have no final norm but fc_norm, the norm after average pooling, so that '
            'their last features were never normalised token by token. Use the weights from before '
            'fine-tuning, or those of a model with a class token.'
        )


def find_feature(features: Mapping[str, str], names: Iterable[str]) -> str:
    """The first feature whose pattern begins a name, with its tensors; empty without one."""
    for pattern, feature in features.items():
        found = [key for key in names if re.match(pattern, key)]
        if found:
            return f'{feature} ({len(found)} tensors, such as {found[0]})'
    return ''


def _timm_name(key: str) -> str:
    """Name in timm's layout of a tensor in either layout."""
    layer = re.fullmatch(r'(?:blocks|layers)\.(\d+)\.(.+)', key)
    if layer:
        for theirs, name in _MMPRETRAIN_LAYER.items():
            if layer[2].startswith(theirs):
                return f'blocks.{layer[1]}.{name}{layer[2][len(theirs) :]}'
        return f'blocks.{layer[1]}.{layer[2]}'
    for theirs, name in _MMPRETRAIN.items():
        if key.startswith(theirs):
            return name + key[len(theirs) :]
    return key


def _chosen(names: Mapping[str, str], needed: int, layers: Layers) -> List[int]:
    """Numbers of the source layers, one for each of the backbone's."""
    numbers = {int(name.split('.')[1]) for name in names.values() if name.startswith('blocks.')}
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
    if layers == 'first':  # what a shallower source lacks, its caller sees
        return list(range(min(needed, depth)))
    if depth < needed:
        raise ValueError(
            f'the weights have {depth} layers and the backbone {needed}: use those of a deeper '
            'model.'
        )
    return [-(-(place + 1) * depth // needed) - 1 for place in range(needed)]


def _place(name: str, backbone: Any, places: Mapping[int, int]) -> Optional[str]:
    """Name in the backbone of a tensor in timm's layout; None if there is none."""
    if _UNUSED.match(name) or name.startswith('fc_norm.'):
        return None
    layer = re.fullmatch(r'blocks\.(\d+)\.(.+)', name)
    if layer is None:
        return name
    place = places.get(int(layer[1]))
    return None if place is None else f'{backbone.layer_name(place)}.{layer[2]}'


def _grid_of(
    pos_embed: Tensor, source: Mapping[str, Tensor], grid: Optional[Tuple[int, int]]
) -> Tuple[int, int]:
    extra = sum(token in source for token in _EXTRA_TOKENS)
    cells = pos_embed.shape[1]
    if grid is not None:
        if grid[0] * grid[1] not in (cells, cells - extra):
            raise ValueError(
                f'a grid of {grid[0]}x{grid[1]} does not fit a position embedding of {cells} '
                f'tokens, {extra} of them for the class.'
            )
        return grid[0], grid[1]
    # Models without a position for the class (DeiT-3) count the patches only.
    for count in (cells - extra, cells):
        side = round(count**0.5)
        if side * side == count:
            return side, side
    raise ValueError(
        f'the position embedding has {cells - extra} cells, which are no square: give the grid, '
        'pretrained_grid=(rows, columns).'
    )
