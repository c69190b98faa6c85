"""Embedding of pixels and boxes as tokens."""

from typing import List

import torch
from torch import Tensor, nn

from mmeatrack.structures.checks import check_choice


class PatchEmbed(nn.Module):
    """Patch embedding: a convolution with stride ``patch_size``."""

    def __init__(self, patch_size: int, embed_dims: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, embed_dims, kernel_size=patch_size, stride=patch_size)

    def forward(self, crop: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, H / patch * W / patch, C), row by row."""
        return self.proj(crop).flatten(2).transpose(1, 2)


class ConvStem(nn.Module):
    """Patch embedding by 3x3 convolutions of stride 2, then a 1x1 convolution.

    See "Early Convolutions Help Transformers See Better" (arXiv 2106.14881). With this stem, a
    transformer learns faster from random weights on few samples.

    Args:
        patch_size: Side of a patch, a power of 2 of at least 4.
        embed_dims: Channels ``C``, a multiple of ``patch_size / 2``; they double from each 3x3
            convolution to the next.

    Raises:
        ValueError: If ``patch_size`` or ``embed_dims`` does not fit.
    """

    def __init__(self, patch_size: int, embed_dims: int) -> None:
        super().__init__()
        halvings = patch_size.bit_length() - 1
        if patch_size < 4 or patch_size != 2**halvings or embed_dims % (patch_size // 2):
            raise ValueError(
                f"stem='conv' cannot have patch_size={patch_size} and embed_dims={embed_dims}: "
                'patch_size must be a power of 2, at least 4, and embed_dims a multiple of half '
                "of it. Or use stem='patch'."
            )
        layers: List[nn.Module] = []
        channels = 3
        for left in reversed(range(halvings)):
            width = embed_dims // 2**left
            layers.append(nn.Conv2d(channels, width, 3, stride=2, padding=1, bias=False))
            layers.extend((nn.BatchNorm2d(width), nn.ReLU()))
            channels = width
        self.layers = nn.Sequential(*layers)
        self.proj = nn.Conv2d(embed_dims, embed_dims, kernel_size=1)

    def forward(self, crop: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, H / patch * W / patch, C), row by row."""
        return self.proj(self.layers(crop)).flatten(2).transpose(1, 2)


STEMS = {'patch': PatchEmbed, 'conv': ConvStem}


def build_stem(name: str, patch_size: int, embed_dims: int) -> nn.Module:
    """Build the stem 'patch', a :class:`PatchEmbed`, or 'conv', a :class:`ConvStem`."""
    check_choice(STEMS, stem=name)
    return STEMS[name](patch_size, embed_dims)


class BoxEmbed(nn.Module):
    """Embedding of the part of each patch that lies inside a box.

    A template crop, scaled by the target's mean side, does not show the aspect ratio of the box.
    This embedding, similar to LoRAT's token types (ECCV 2024), tells target and surroundings apart
    with subpixel accuracy. It starts at 0.
    """

    def __init__(self, patch_size: int, embed_dims: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(1, embed_dims, patch_size, stride=patch_size, bias=False)
        nn.init.zeros_(self.proj.weight)

    def forward(self, bbox_cxcywh: Tensor, size: int) -> Tensor:
        """Boxes (B, 4), centre and size in px of a crop with side ``size`` -> (B, N, C)."""
        mask = box_coverage(bbox_cxcywh, size)[:, None].to(self.proj.weight.dtype)
        return self.proj(mask).flatten(2).transpose(1, 2)


def box_coverage(bbox_cxcywh: Tensor, size: int) -> Tensor:
    """Share (B, size, size), 0 to 1, of each crop pixel that lies inside a box.

    Boxes (B, 4) are centre and size in crop px, where whole numbers are pixel centres (see
    :mod:`mmeatrack.structures.boxes`).
    """
    low = bbox_cxcywh[:, :2] - bbox_cxcywh[:, 2:] / 2  # (B, 2), x and y
    high = bbox_cxcywh[:, :2] + bbox_cxcywh[:, 2:] / 2
    pixel = torch.arange(size, dtype=bbox_cxcywh.dtype, device=bbox_cxcywh.device)
    right = torch.minimum(pixel + 0.5, high[..., None])  # (B, 2, size)
    covered = (right - torch.maximum(pixel - 0.5, low[..., None])).clamp(min=0)
    return covered[:, 1, :, None] * covered[:, 0, None, :]
