"""Toy ViT classifier: weights in timm's layout, and its forward (arXiv 2010.11929)."""

from typing import Dict, Tuple, Union

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.toys import DIMS

CLASSES = 10


def timm_weights(
    depth: int,
    extra_tokens: int = 1,
    side: Union[int, Tuple[int, int]] = 3,
    dims: int = DIMS,
    patch: int = 8,
) -> Dict[str, torch.Tensor]:
    """State dict of a ViT classifier; ``side`` is the number of rows and columns of patches."""
    rows, columns = side if isinstance(side, tuple) else (side, side)
    generator = torch.Generator().manual_seed(7)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    weights = {
        'cls_token': draw(1, 1, dims),
        'pos_embed': draw(1, extra_tokens + rows * columns, dims),
        'patch_embed.proj.weight': draw(dims, 3, patch, patch),
        'patch_embed.proj.bias': draw(dims),
        'norm.weight': draw(dims),
        'norm.bias': draw(dims),
        'head.weight': draw(CLASSES, dims),
        'head.bias': draw(CLASSES),
    }
    if extra_tokens == 2:
        weights['dist_token'] = draw(1, 1, dims)
        weights['head_dist.weight'] = draw(CLASSES, dims)
        weights['head_dist.bias'] = draw(CLASSES)
    layers = {'attn.qkv': (3, 1), 'attn.proj': (1, 1), 'mlp.fc1': (4, 1), 'mlp.fc2': (1, 4)}
    for i in range(depth):
        for norm in ('norm1', 'norm2'):
            weights[f'blocks.{i}.{norm}.weight'] = draw(dims)
            weights[f'blocks.{i}.{norm}.bias'] = draw(dims)
        for name, (outputs, inputs) in layers.items():
            weights[f'blocks.{i}.{name}.weight'] = draw(outputs * dims, inputs * dims)
            weights[f'blocks.{i}.{name}.bias'] = draw(outputs * dims)
    return weights


def vit_features(
    weights: Dict[str, Tensor], image: Tensor, positions: Tensor, num_heads: int, layers: Tuple
) -> Tensor:
    """Patch tokens (B, N, C) after the given layers, without class token and final norm."""
    kernel = weights['patch_embed.proj.weight']
    x = F.conv2d(image, kernel, weights['patch_embed.proj.bias'], stride=kernel.shape[-1])
    x = x.flatten(2).transpose(1, 2) + positions
    batch, count, dims = x.shape

    def linear(tokens: Tensor, name: str) -> Tensor:
        return F.linear(tokens, weights[f'{name}.weight'], weights[f'{name}.bias'])

    def norm(tokens: Tensor, name: str) -> Tensor:
        shape = (dims,)
        return F.layer_norm(
            tokens, shape, weights[f'{name}.weight'], weights[f'{name}.bias'], eps=1e-6
        )

    for i in layers:
        block = f'blocks.{i}'
        qkv = linear(norm(x, f'{block}.norm1'), f'{block}.attn.qkv')
        query, key, value = (
            part.unflatten(2, (num_heads, -1)).transpose(1, 2) for part in qkv.chunk(3, dim=2)
        )
        scores = (query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5).softmax(dim=-1)
        mixed = (scores @ value).transpose(1, 2).reshape(batch, count, dims)
        x = x + linear(mixed, f'{block}.attn.proj')
        x = x + linear(
            F.gelu(linear(norm(x, f'{block}.norm2'), f'{block}.mlp.fc1')), f'{block}.mlp.fc2'
        )
    return x
