"""Training on a machine without CUDA: launcher, distributed wrapper and mixed precision.

MMEngine 0.10.7's defaults are CUDA's. Its launcher selects a CUDA device and, with the usual
``dist_cfg=dict(backend='nccl')``, NCCL; its wrapper passes ``device_ids`` to
DistributedDataParallel, which refuses them for a model on the CPU. ``AmpOptimWrapper`` requires an
accelerator, though its autocast supports bfloat16 on CPUs (and refuses float16). torch switches
its loss scaler off without CUDA.

Nor does MMEngine end the process group. A gloo thread that still holds a Python tensor when the
interpreter shuts down occasionally aborts the process (pytorch/pytorch pull request 179291), and
the launcher reports a finished run as failed. The group is therefore ended before.
"""

import atexit
import gc
from types import ModuleType
from typing import Any

import torch
from torch import nn

from mmeatrack.log import warn


def let_launcher_use_cpu(module: ModuleType) -> None:
    """Make the pytorch launcher of ``mmengine.dist.utils`` run on the CPU, with gloo for nccl."""
    launch = module._init_dist_pytorch

    def init_dist_pytorch(backend: str, init_backend: str = 'torch', **kwargs: Any) -> None:
        from mmengine.device import get_device

        if get_device() not in ('cpu', 'mps'):
            launch(backend, init_backend=init_backend, **kwargs)
            return
        if backend == 'nccl':
            warn("There is no CUDA device: using the backend 'gloo' instead of 'nccl'.")
            backend = 'gloo'
        torch.distributed.init_process_group(backend=backend, **kwargs)
        atexit.register(_end_process_group)

    vars(module)['_init_dist_pytorch'] = init_dist_pytorch


def _end_process_group() -> None:
    """Wait for the group's threads and end it, unless the script has done so."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    # A distributed model keeps the group and its threads, and a runner keeps that in a cycle.
    gc.collect()


def let_wrapper_use_cpu(module: ModuleType) -> None:
    """Make ``MMDistributedDataParallel`` drop ``device_ids`` for a model on the CPU.

    It raises RuntimeError for such a model if ``sync_bn`` has converted its batch norms.
    """
    wrapper = module.MMDistributedDataParallel
    initialise = wrapper.__init__

    def initialise_anywhere(self: Any, module: nn.Module, *args: Any, **kwargs: Any) -> None:
        if all(parameter.device.type == 'cpu' for parameter in module.parameters()):
            kwargs.pop('device_ids', None)
            if any(type(part).__name__ == 'SyncBatchNorm' for part in module.modules()):
                raise RuntimeError(
                    'sync_bn needs GPUs, and this model is on the CPU: leave sync_bn out of the '
                    'config (--cfg-options sync_bn=None). Each process then normalises by its own '
                    'samples; the statistics are averaged before validation and saving.'
                )
        initialise(self, module, *args, **kwargs)

    wrapper.__init__ = initialise_anywhere


def let_amp_use_cpu(module: ModuleType) -> None:
    """Open ``mmengine.optim.optimizer.amp_optimizer_wrapper`` to CPUs."""
    from mmengine.device import get_device

    has_cuda = module.is_cuda_available
    # The constructor's check of the machine is the only caller.
    vars(module)['is_cuda_available'] = lambda: has_cuda() or get_device() == 'cpu'
