"""Fit of a checkpoint's weights to a model: one rule for tracker, teacher and backbone."""

from typing import Any, Dict, List, Mapping, NamedTuple

from mmengine.runner.checkpoint import _load_checkpoint
from torch import Tensor

from mmeatrack.conversion.state_dicts import find_weights


class Fit(NamedTuple):
    """Comparison of a checkpoint's weights with a model's.

    Attributes:
        total: Number of the model's tensors.
        missing: Names of the model's tensors that the checkpoint lacks, except batch norm's step
            counter, which old checkpoints lack and nothing needs.
        reshaped: Names of tensors whose shapes differ, each with both shapes.
        unknown: Names of the checkpoint's tensors that the model lacks.
    """

    total: int
    missing: List[str]
    reshaped: List[str]
    unknown: List[str]

    @property
    def is_complete(self) -> bool:
        """True if every tensor of the model has its weights."""
        return not self.missing and not self.reshaped

    def __str__(self) -> str:
        matched = self.total - len(self.missing) - len(self.reshaped)
        return (
            f'{matched} of {self.total} tensors matched, '
            f'{len(self.missing)} missing {self.missing[:3]}, '
            f'{len(self.reshaped)} of another shape {self.reshaped[:3]}, '
            f'{len(self.unknown)} unknown {self.unknown[:3]}'
        )


def load_weights(path: str) -> Dict[str, Tensor]:
    """Load the weights of a checkpoint, a file or URL, under the model's own names.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If the file is refused, or holds no weights.
    """
    return find_weights(_load_checkpoint(path, map_location='cpu'), path).tensors


def load_matching(model: Any, weights: Mapping[str, Tensor], source: str, remedy: str) -> Fit:
    """Load the weights that the model has and return their fit; unknown ones are left out.

    Raises:
        RuntimeError: If a tensor is missing or of another shape; nothing is loaded then.
    """
    own = model.state_dict()
    fit = compare(own, weights)
    refuse_other_model(fit, model, source, remedy, allow_unknown=True)
    model.load_state_dict({key: weights[key] for key in own if key in weights}, strict=False)
    return fit


def refuse_other_model(
    fit: Fit, model: Any, source: str, remedy: str, allow_unknown: bool = False
) -> None:
    """Refuse weights of another model before any of them is loaded.

    MMEngine loads with ``strict=False`` and only warns; a tracker with half of its weights random
    would just look like a bad tracker.

    Raises:
        RuntimeError: If a tensor is missing, of another shape or, unless allowed, unknown.
    """
    if fit.is_complete and (allow_unknown or not fit.unknown):
        return
    raise RuntimeError(
        f'{source} is of another model than the configured {type(model).__name__}: {fit}. Nothing '
        f'was loaded. {remedy}'
    )


def compare(own: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> Fit:
    """Compare a checkpoint's weights with a model's state dict."""
    missing = [k for k in own if k not in weights and not k.endswith('num_batches_tracked')]
    reshaped = [
        f'{key} {tuple(weights[key].shape)} for {tuple(value.shape)}'
        for key, value in own.items()
        if key in weights and weights[key].shape != value.shape
    ]
    return Fit(len(own), missing, reshaped, [key for key in weights if key not in own])
