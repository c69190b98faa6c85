"""A vision transformer written from its paper (arXiv 2010.11929), with timm's names."""

from typing import Dict, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def vit_weights(
    depth: int = 3,
    dims: int = 16,
    patch: int = 8,
    grid: Tuple[int, int] = (2, 2),
    extra_tokens: int = 1,
) -> Dict[str, Tensor]:
    """Random weights of a classifier in timm's layout."""
    generator = torch.Generator().manual_seed(5)

    def draw(*shape: int) -> Tensor:
        return 0.3 * torch.randn(shape, generator=generator)

    weights = {
        'cls_token': draw(1, 1, dims),
        'pos_embed': draw(1, extra_tokens + grid[0] * grid[1], dims),
        'patch_embed.proj.weight': draw(dims, 3, patch, patch),
        'patch_embed.proj.bias': draw(dims),
        'norm.weight': draw(dims),
        'norm.bias': draw(dims),
        'head.weight': draw(10, dims),
        'head.bias': draw(10),
    }
    if extra_tokens == 2:
        weights['dist_token'] = draw(1, 1, dims)
    sizes = {'attn.qkv': (3, 1), 'attn.proj': (1, 1), 'mlp.fc1': (4, 1), 'mlp.fc2': (1, 4)}
    for i in range(depth):
        for norm in ('norm1', 'norm2'):
            weights[f'blocks.{i}.{norm}.weight'] = 1 + draw(dims)
            weights[f'blocks.{i}.{norm}.bias'] = draw(dims)
        for name, (rows, columns) in sizes.items():
            weights[f'blocks.{i}.{name}.weight'] = draw(rows * dims, columns * dims)
            weights[f'blocks.{i}.{name}.bias'] = draw(rows * dims)
    return weights


def vit_features(
    weights: Dict[str, Tensor], image: Tensor, positions: Tensor, num_heads: int, layers: Tuple
) -> Tensor:
    """Patch tokens (B, N, C) after some of the layers, without class token and final norm."""
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
