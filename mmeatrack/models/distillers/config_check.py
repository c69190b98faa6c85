"""Checks of a distiller's config that mmrazor leaves to the first iteration."""

from collections import Counter
from difflib import get_close_matches
from inspect import Parameter, signature
from typing import Any, Dict, List, Tuple

from mmrazor.models.task_modules import RecorderManager
from torch import nn

from mmeatrack.models.distillers.short_form import TOKENS

# Given by EATrackDistill from the ground truth, not by a recorder.
INJECTED = 'target_mask'


def check_weights(**weights: float) -> None:
    """Refuse negative weights, which would drive the student away from its teacher.

    Raises:
        ValueError: If one is negative or not a number.
    """
    for name, weight in weights.items():
        if not weight >= 0:
            raise ValueError(f'{name}={weight} must be at least 0; 0 leaves the loss out.')


def check_tokens(tokens: str) -> None:
    """Refuse an unknown choice of tokens.

    Raises:
        ValueError: If it is none.
    """
    if tokens not in TOKENS:
        raise ValueError(f'tokens={tokens!r} is unknown; it is one of {list(TOKENS)}.')


def check_layer_pairs(layer_pairs: Any) -> Tuple[Tuple[int, int], ...]:
    """Every pair is two layer numbers, and none is there twice.

    Returns:
        The pairs.

    Raises:
        ValueError: If one is malformed or repeated.
    """
    if isinstance(layer_pairs, str):
        raise ValueError(
            f"layer_pairs={layer_pairs!r} is unknown; it is 'auto' or a list of pairs."
        )
    for pair in layer_pairs:
        if (
            not isinstance(pair, (tuple, list))
            or len(pair) != 2
            or not all(isinstance(layer, int) for layer in pair)
        ):
            raise ValueError(
                f'layer_pairs={layer_pairs!r} has {pair!r}: it is a list of pairs (student layer, '
                'teacher layer) of whole numbers, e.g. [(6, 10), (7, 11)].'
            )
    for pair, times in Counter(map(tuple, layer_pairs)).items():
        if times > 1:
            raise ValueError(
                f'layer_pairs={layer_pairs!r} has {pair!r} {times} times: give it once.'
            )
    return tuple((student, teacher) for student, teacher in layer_pairs)


def check_loss_arguments(losses: nn.ModuleDict, mappings: Dict[str, dict]) -> None:
    """Every loss is mapped and every argument it needs is named.

    Raises:
        ValueError: If a loss has no mapping or a mapping lacks an argument.
    """
    for name, loss in losses.items():
        if name not in mappings:
            raise ValueError(
                f'distill_losses has {name!r}, but loss_forward_mappings has not: add '
                f'loss_forward_mappings[{name!r}] with the arguments {_needed(loss)}.'
            )
        missing = [key for key in _needed(loss) if key not in mappings[name]]
        if missing:
            raise ValueError(
                f'loss_forward_mappings[{name!r}] lacks {missing}: {type(loss).__name__} takes '
                f'{_needed(loss)}, each as dict(recorder=..., from_student=...).'
            )


def takes_target_mask(loss: nn.Module) -> bool:
    """Whether the loss wants the mask of the target."""
    return INJECTED in signature(loss.forward).parameters


def check_recorder_sources(recorders: RecorderManager, model: nn.Module, role: str) -> None:
    """Every recorded module is in the model.

    Raises:
        ValueError: If one is not; the message names the closest modules.
    """
    modules = [name for name, _ in model.named_modules() if name]
    for name, recorder in recorders.recorders.items():
        source = recorder.source
        if not type(recorder).__name__.startswith('Module') or source in modules:
            continue
        close = get_close_matches(source, modules, n=3, cutoff=0.3)
        raise ValueError(
            f'{role}_recorders[{name!r}] records {source!r}, which the {role} '
            f'({type(model).__name__}) has not. Write one of its modules, e.g. {close}; '
            f'dict(model.named_modules()) lists all {len(modules)}.'
        )


def _needed(loss: nn.Module) -> List[str]:
    return [
        name
        for name, parameter in signature(loss.forward).parameters.items()
        if parameter.default is Parameter.empty
        and parameter.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
        and name != INJECTED
    ]
