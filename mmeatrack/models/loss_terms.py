"""Normaliser and precision of the losses."""

import torch
from mmdet.utils.dist_utils import reduce_mean
from mmengine.dist import get_world_size
from torch import Tensor


def shared_count(count: Tensor) -> Tensor:
    """Loss normaliser averaged over processes.

    DistributedDataParallel averages the processes' gradients. With sums over what each counts by
    itself, such as crops with a target, a crop among few would then weigh more than one among many;
    over the share, the average is the gradient of one process with the whole batch.

    Args:
        count: Scalar of floats, of this process's batch.

    Returns:
        Scalar: total over number of processes, with a total of at least 1.
    """
    return reduce_mean(count.detach()).clamp(min=1 / get_world_size())


def full_precision(values: Tensor) -> Tensor:
    """Float32 in place of a half, whose squares and logarithms are soon infinite or 0."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
