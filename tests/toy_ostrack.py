"""Weights and forward of OSTrack, from its paper and the names in its checkpoints."""

from typing import Dict, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

HEAD_DIMS = 64


def ostrack_weights(
    width: int = 128,
    depth: int = 3,
    patch: int = 16,
    template: int = 32,
    search: int = 64,
    channels: int = 32,
    seed: int = 0,
) -> Dict[str, Tensor]:
    """Random weights with OSTrack's names, including tensors that its forward does not use."""
    generator = torch.Generator().manual_seed(seed)
    weights: Dict[str, Tensor] = {}

    def draw(name: str, *shape: int, scale: float = 0.2) -> None:
        weights[name] = scale * torch.randn(shape, generator=generator)

    def norm(name: str, size: int) -> None:
        weights[f'{name}.weight'] = 1 + 0.1 * torch.randn(size, generator=generator)
        draw(f'{name}.bias', size)

    draw('backbone.cls_token', 1, 1, width)
    draw('backbone.pos_embed', 1, 1 + 196, width)
    draw('backbone.pos_embed_z', 1, (template // patch) ** 2, width)
    draw('backbone.pos_embed_x', 1, (search // patch) ** 2, width)
    draw('backbone.patch_embed.proj.weight', width, 3, patch, patch, scale=0.03)
    draw('backbone.patch_embed.proj.bias', width)
    sizes = {'attn.qkv': (3, 1), 'attn.proj': (1, 1), 'mlp.fc1': (4, 1), 'mlp.fc2': (1, 4)}
    for i in range(depth):
        norm(f'backbone.blocks.{i}.norm1', width)
        norm(f'backbone.blocks.{i}.norm2', width)
        for name, (rows, columns) in sizes.items():
            draw(f'backbone.blocks.{i}.{name}.weight', rows * width, columns * width, scale=0.08)
            draw(f'backbone.blocks.{i}.{name}.bias', rows * width)
    norm('backbone.norm', width)
    for branch, outputs in (('ctr', 1), ('offset', 2), ('size', 2)):
        inputs = width
        for i in range(1, 5):
            size = channels // 2 ** (i - 1)
            name = f'box_head.conv{i}_{branch}'
            draw(f'{name}.0.weight', size, inputs, 3, 3, scale=0.1)
            draw(f'{name}.0.bias', size)
            norm(f'{name}.1', size)
            draw(f'{name}.1.running_mean', size)
            weights[f'{name}.1.running_var'] = 0.5 + torch.rand(size, generator=generator)
            weights[f'{name}.1.num_batches_tracked'] = torch.tensor(7)
            inputs = size
        draw(f'box_head.conv5_{branch}.weight', outputs, inputs, 1, 1)
        draw(f'box_head.conv5_{branch}.bias', outputs)
    return weights


def ostrack_forward(
    weights: Dict[str, Tensor], template: Tensor, search: Tensor
) -> Tuple[Tensor, Tensor, Tensor]:
    """Score and size map (after the sigmoid) and offset map of normalised crops (B, 3, H, W)."""

    def linear(x: Tensor, name: str) -> Tensor:
        return F.linear(x, weights[f'{name}.weight'], weights[f'{name}.bias'])

    def norm(x: Tensor, name: str) -> Tensor:
        return F.layer_norm(
            x, x.shape[-1:], weights[f'{name}.weight'], weights[f'{name}.bias'], eps=1e-6
        )

    def embed(crop: Tensor, position: str) -> Tensor:
        proj = 'backbone.patch_embed.proj'
        kernel = weights[f'{proj}.weight']
        tokens = F.conv2d(crop, kernel, weights[f'{proj}.bias'], stride=kernel.shape[-1])
        return tokens.flatten(2).transpose(1, 2) + weights[f'backbone.{position}']

    x = torch.cat((embed(template, 'pos_embed_z'), embed(search, 'pos_embed_x')), dim=1)
    batch, count, width = x.shape
    depth = 1 + max(int(key.split('.')[2]) for key in weights if key.startswith('backbone.blocks'))
    for i in range(depth):
        block = f'backbone.blocks.{i}'
        qkv = linear(norm(x, f'{block}.norm1'), f'{block}.attn.qkv')
        heads = qkv.reshape(batch, count, 3, width // HEAD_DIMS, HEAD_DIMS).permute(2, 0, 3, 1, 4)
        attention = (heads[0] @ heads[1].transpose(-2, -1) / HEAD_DIMS**0.5).softmax(dim=-1)
        mixed = (attention @ heads[2]).transpose(1, 2).reshape(batch, count, width)
        x = x + linear(mixed, f'{block}.attn.proj')
        hidden = F.gelu(linear(norm(x, f'{block}.norm2'), f'{block}.mlp.fc1'))
        x = x + linear(hidden, f'{block}.mlp.fc2')
    x = norm(x, 'backbone.norm')
    cells = weights['backbone.pos_embed_x'].shape[1]
    side = round(cells**0.5)
    feature_map = x[:, -cells:].transpose(1, 2).reshape(batch, width, side, side)
    maps = []
    for branch in ('ctr', 'size', 'offset'):
        y = feature_map
        for i in range(1, 5):
            name = f'box_head.conv{i}_{branch}'
            y = F.conv2d(y, weights[f'{name}.0.weight'], weights[f'{name}.0.bias'], padding=1)
            y = F.batch_norm(
                y,
                weights[f'{name}.1.running_mean'],
                weights[f'{name}.1.running_var'],
                weights[f'{name}.1.weight'],
                weights[f'{name}.1.bias'],
            ).relu()
        name = f'box_head.conv5_{branch}'
        maps.append(F.conv2d(y, weights[f'{name}.weight'], weights[f'{name}.bias']))
    clamped = [value.sigmoid().clamp(1e-4, 1 - 1e-4) for value in maps[:2]]
    return clamped[0], clamped[1], maps[2]
