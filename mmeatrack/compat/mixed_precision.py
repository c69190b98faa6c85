"""Let ``AmpOptimWrapper`` train on a machine without an accelerator.

MMEngine 0.10.7's wrapper is made on accelerators alone, though its autocast knows the CPU's mixed
precision, bfloat16, and refuses float16 there. Its loss scaler, which bfloat16 does without, is
switched off by torch where CUDA is not available.
"""

from types import ModuleType


def let_amp_use_cpu(module: ModuleType) -> None:
    """Open ``mmengine.optim.optimizer.amp_optimizer_wrapper`` to CPUs."""
    from mmengine.device import get_device

    has_cuda = module.is_cuda_available

    def can_autocast() -> bool:
        return bool(has_cuda()) or get_device() == 'cpu'

    # The module asks in one place, the constructor's check of the machine.
    vars(module)['is_cuda_available'] = can_autocast
