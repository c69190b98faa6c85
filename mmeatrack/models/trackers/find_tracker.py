"""The tracker within what wraps it."""

from typing import Any

from mmeatrack.models.unwrap import unwrap


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
