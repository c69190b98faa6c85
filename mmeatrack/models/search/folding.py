"""Batch norms folded into the convolutions before them."""

import copy
from typing import Any

import torch
from mmcv.cnn import fuse_conv_bn
from torch import nn


@torch.no_grad()
def folded(module: nn.Module) -> Any:
    """Copy of a module without batch norms: the convolutions before them do their work.

    Weights of half precision are folded in float32. A module without batch norms is returned as it
    is.

    Args:
        module: A module in evaluation mode; it is not changed.
    """
    if not any(isinstance(part, nn.BatchNorm2d) for part in module.modules()):
        return module
    dtype = next(module.parameters()).dtype
    copied = copy.deepcopy(module)
    if dtype != torch.float64:
        copied = copied.float()
    return fuse_conv_bn(copied).to(dtype).requires_grad_(False)
