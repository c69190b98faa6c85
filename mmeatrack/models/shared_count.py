"""Loss normaliser averaged over processes."""

from mmengine.dist import all_reduce, get_world_size
from torch import Tensor


def shared_count(count: Tensor) -> Tensor:
    """A process's share of what is counted in the batches of all.

    DistributedDataParallel averages the processes' gradients. With sums over what each counts by
    itself, such as crops with a target, a crop among few would then weigh more than one among many;
    over the share, the average is the gradient of one process with the whole batch.

    Args:
        count: Scalar of floats, of this process's batch.

    Returns:
        Scalar: total over number of processes, with a total of at least 1.
    """
    share = count.detach().clone()
    all_reduce(share, op='mean')
    return share.clamp(min=1 / get_world_size())
