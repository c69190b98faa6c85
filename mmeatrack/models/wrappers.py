"""Access to a model inside its distributed wrapper and its distillation algorithm."""

from typing import Any, Dict

from mmengine.model import is_model_wrapper
from torch import Tensor, nn


def unwrap(model: Any) -> Any:
    """Return the model without its distributed wrapper, if it has one."""
    return model.module if is_model_wrapper(model) else model


def find_tracker(model: Any) -> Any:
    """Return the tracker inside wrapper and distillation; TypeError without temporal adaptation."""
    model = unwrap(model)
    tracker = getattr(model, 'student', model)
    if not hasattr(tracker, 'set_temporal'):
        raise TypeError(
            f'temporal adaptation needs an mmeatrack.EATrack, but the model is '
            f'{type(tracker).__name__}: remove its hook from custom_hooks.'
        )
    return tracker


def distillation(model: Any, part: str, hook: str) -> Any:
    """Return the algorithm inside its wrapper; TypeError if it lacks the attribute ``part``."""
    model = unwrap(model)
    if not hasattr(model, part):
        raise TypeError(
            f'{hook} needs a distillation algorithm, but the model is {type(model).__name__}: '
            'remove the hook from custom_hooks.'
        )
    return model


def running_statistics(model: nn.Module) -> Dict[str, Tensor]:
    """Floating-point buffers, by name, of the modules in training mode: not of a frozen teacher."""
    return {
        name: buffer
        for prefix, module in model.named_modules()
        if module.training
        for name, buffer in module.named_buffers(prefix, recurse=False)
        if buffer.is_floating_point()
    }
