"""Output of a convolutional branch at a single cell, from the patch that reaches it."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def branch_at(branch: nn.Sequential, feature_map: Tensor, cell: Tensor) -> Tensor:
    """Run a branch of 3x3 convolutions on the patch around one cell.

    The values are those of the whole map: its border is padded with 0 before each convolution, so
    positions of the patch outside the map are set to 0 again after each.

    Args:
        branch: Layers of convolution, norm and activation, then a 1x1 convolution.
        feature_map: (1, C, Hf, Wf).
        cell: (1,) index of the cell, row by row; on any device, and it is not waited for.

    Returns:
        (1, D, 1, 1) output of the branch.
    """
    *layers, last = branch
    radius, (Hf, Wf) = len(layers), feature_map.shape[-2:]
    reach = torch.arange(-radius, radius + 1, device=cell.device)
    rows = torch.div(cell, Wf, rounding_mode='floor') + reach
    columns = cell % Wf + reach
    inside = _within(rows, Hf)[:, None] & _within(columns, Wf)
    patch = feature_map[:, :, rows.clamp(0, Hf - 1)][:, :, :, columns.clamp(0, Wf - 1)]
    patch = patch.where(inside, patch.new_zeros(()))
    for layer in layers:
        inside = inside[1:-1, 1:-1]
        patch = _without_padding(layer, patch)
        patch = patch.where(inside, patch.new_zeros(()))
    output: Tensor = last(patch)
    return output


def _within(index: Tensor, length: int) -> Tensor:
    return (index >= 0) & (index < length)


def _without_padding(layer: Any, patch: Tensor) -> Tensor:
    """Run a layer on a patch whose outermost positions are its padding."""
    convolution, *others = layer
    patch = F.conv2d(patch, convolution.weight, convolution.bias)
    for module in others:
        patch = module(patch)
    return patch
