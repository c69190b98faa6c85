"""The model within what distributes it."""

from typing import Any

from mmengine.model import is_model_wrapper


def unwrap(model: Any) -> Any:
    """The model itself, of a distributed wrapper or not."""
    return model.module if is_model_wrapper(model) else model
