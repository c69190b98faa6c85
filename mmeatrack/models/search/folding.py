"""Batch norms folded into the convolutions before them."""

import copy
from typing import Any

import torch
from mmcv.cnn import fuse_conv_bn
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@torch.no_grad()
def folded(module: nn.Module) -> Any:
    """Copy of a module in evaluation mode whose convolutions do the work of its batch norms.

    Weights of half precision are folded in float32. A module without batch norms is returned as it
    is.

    Raises:
        TypeError: If it has batch norms of another library's.
    """
    norms = [part for part in module.modules() if hasattr(part, 'running_mean')]
    if not norms:
        return module
    for norm in norms:
        if not isinstance(norm, _BatchNorm):
            raise TypeError(
                f'{type(norm).__module__}.{type(norm).__name__} cannot be folded into a '
                "convolution: give torch's batch norms (sync_bn='torch'), or test_cfg.fast=False."
            )
    dtype = next(module.parameters()).dtype
    copied = copy.deepcopy(module)
    if dtype != torch.float64:
        copied = copied.float()
    return fuse_conv_bn(copied).to(dtype).requires_grad_(False)
