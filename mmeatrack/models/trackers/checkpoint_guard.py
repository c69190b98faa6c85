"""A checkpoint of another model must not pass for this one's."""

from typing import Mapping

from torch import Tensor, nn


def refuse_other_checkpoint(module: nn.Module, weights: Mapping[str, Tensor], prefix: str) -> None:
    """Refuse weights that are not those of ``module``, before any of them is loaded.

    mmengine loads with ``strict=False`` and only warns of keys that are missing, unknown or of
    another shape; a tracker that runs on half-random weights then looks like a bad tracker.

    Args:
        module: The tracker.
        weights: The state dict; keys without ``prefix`` belong to other modules.
        prefix: Of the tracker's keys, empty or ending in a dot.

    Raises:
        RuntimeError: If any tensor is missing, unknown or of another shape. The message counts
            and names keys.
    """
    own = {prefix + key: value for key, value in module.state_dict().items()}
    # Batch norm works without its counter, which old checkpoints have not.
    missing = [k for k in own if k not in weights and not k.endswith('num_batches_tracked')]
    unknown = [k for k in weights if k.startswith(prefix) and k not in own]
    reshaped = [
        f'{k} {tuple(weights[k].shape)} for {tuple(v.shape)}'
        for k, v in own.items()
        if k in weights and weights[k].shape != v.shape
    ]
    if not missing and not unknown and not reshaped:
        return
    raise RuntimeError(
        f'the checkpoint is of another model: of the {len(own)} tensors of '
        f'{type(module).__name__} {len(missing)} are missing {missing[:3]} and {len(reshaped)} of '
        f'another shape {reshaped[:3]}; {len(unknown)} are unknown {unknown[:3]}. Nothing was '
        'loaded. Use a checkpoint trained with this config; of a distillation run take the '
        'exported *_student.pth. allow_partial_checkpoint=True in the model accepts it all the '
        'same.'
    )
