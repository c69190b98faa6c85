"""Weights of a toy ViT classifier, as timm saves them."""

from typing import Dict

import torch

from tests.toys import DIMS

CLASSES = 10


def timm_weights(
    depth: int, extra_tokens: int = 1, side: int = 3, dims: int = DIMS, patch: int = 8
) -> Dict[str, torch.Tensor]:
    """State dict of a ViT classifier in timm's layout, with ``side`` x ``side`` patches."""
    generator = torch.Generator().manual_seed(7)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    weights = {
        'cls_token': draw(1, 1, dims),
        'pos_embed': draw(1, extra_tokens + side * side, dims),
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
        for name, (rows, columns) in layers.items():
            weights[f'blocks.{i}.{name}.weight'] = draw(rows * dims, columns * dims)
            weights[f'blocks.{i}.{name}.bias'] = draw(rows * dims)
    return weights
