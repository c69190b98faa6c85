"""A checkpoint of another model must not pass for this one's."""

from typing import Any

from torch import nn


def refuse_partial_checkpoint(module: nn.Module, incompatible_keys: Any) -> None:
    """Hook after loading a state dict: refuse one that lacks parameters of ``module``.

    mmengine loads with ``strict=False`` and warns; a tracker that runs on half-random weights then
    looks like a bad tracker. Keys that the model does not know are only logged by mmengine.

    Args:
        module: The tracker.
        incompatible_keys: torch's ``missing_keys`` and ``unexpected_keys``.

    Raises:
        RuntimeError: If any parameter is missing. The message counts and names keys.
    """
    missing = list(incompatible_keys.missing_keys)
    if not missing:
        return
    unexpected = list(incompatible_keys.unexpected_keys)
    total = len(module.state_dict())
    raise RuntimeError(
        f'the checkpoint is of another model: {len(missing)} of the {total} tensors of '
        f'{type(module).__name__} are missing (e.g. {missing[:3]}) and {len(unexpected)} are '
        f'unknown (e.g. {unexpected[:3]}). Use a checkpoint trained with this config; of a '
        'distillation run take the exported *_student.pth. '
        'allow_partial_checkpoint=True in the model accepts it all the same.'
    )
