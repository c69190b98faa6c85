"""Access to a model inside its distributed wrapper and its distillation algorithm."""

from typing import Any

from mmengine.model import is_model_wrapper


def unwrap(model: Any) -> Any:
    """The model itself, of a distributed wrapper or not."""
    return model.module if is_model_wrapper(model) else model


def find_tracker(model: Any) -> Any:
    """The tracker that predicts, within a distributed wrapper and a distillation algorithm.

    Raises:
        TypeError: If there is none that takes temporal adaptation.
    """
    model = unwrap(model)
    tracker = getattr(model, 'student', model)
    if not hasattr(tracker, 'set_temporal'):
        raise TypeError(
            f'temporal adaptation needs an mmeatrack.EATrack, but the model is '
            f'{type(tracker).__name__}: remove its hook from custom_hooks.'
        )
    return tracker
