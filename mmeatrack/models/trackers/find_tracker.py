"""The tracker within what wraps it."""

from typing import Any

from mmengine.model import is_model_wrapper


def find_tracker(model: Any) -> Any:
    """The tracker that predicts, within a distributed wrapper and a distillation algorithm.

    Raises:
        TypeError: If there is none that takes temporal adaptation.
    """
    if is_model_wrapper(model):
        model = model.module
    tracker = getattr(model, 'student', model)
    if not hasattr(tracker, 'set_temporal'):
        raise TypeError(
            f'temporal adaptation needs an mmeatrack.EATrack, but the model is '
            f'{type(tracker).__name__}: remove its hook from custom_hooks.'
        )
    return tracker
