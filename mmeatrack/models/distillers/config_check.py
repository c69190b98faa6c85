"""Checks of a distiller's config when it is built, which mmrazor leaves to the first step."""

from collections import Counter
from difflib import get_close_matches
from inspect import Parameter, signature
from typing import Any, Dict, List, Tuple

from mmrazor.models.distillers import ConfigurableDistiller, OFDDistiller
from mmrazor.models.task_modules import RecorderManager
from torch import nn

from mmeatrack.models.distillers.short_form import TARGET_MASK
from mmeatrack.models.losses.target_mask import MASK_LAYOUTS
from mmeatrack.registry import MODELS


def check_weights(**weights: float) -> None:
    """Refuse weights that are negative or NaN (ValueError): the student would leave its teacher."""
    for name, weight in weights.items():
        if not weight >= 0:
            raise ValueError(f'{name}={weight} must be at least 0; 0 leaves the loss out.')


def check_distiller(config: Dict[str, Any]) -> None:
    """Refuse a distiller that the algorithms here cannot run.

    Raises:
        ValueError: If it is no ConfigurableDistiller, one that another algorithm must prepare, or
            has deliveries.
    """
    kind = config.get('type')
    built = MODELS.get(kind) if isinstance(kind, str) else kind
    if isinstance(built, type) and (
        not issubclass(built, ConfigurableDistiller) or issubclass(built, OFDDistiller)
    ):
        raise ValueError(
            f'distiller.type={kind!r} does not run in mmeatrack.EATrackDistill: give '
            'mmeatrack.EATrackDistiller, or mmrazor.ConfigurableDistiller.'
        )
    if config.get('distill_deliveries'):
        raise ValueError(
            'EATrackDistill makes no distill_deliveries: leave them out, and record what a '
            'loss compares.'
        )


def check_layer_pairs(layer_pairs: Any) -> Tuple[Tuple[int, int], ...]:
    """Return the layer pairs; ValueError if one is malformed or repeated."""
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


def check_connectors(mappings: Dict[str, Dict[str, Any]]) -> None:
    """Refuse an argument with several connectors (ValueError): mmrazor chains in `connectors`."""
    for name, mapping in mappings.items():
        for argument, record in mapping.items():
            connector = record.get('connector')
            if connector is not None and not isinstance(connector, str):
                raise ValueError(
                    f'loss_forward_mappings[{name!r}][{argument!r}] has connector={connector!r}, '
                    'and must name one of `connectors`. Chain connectors there: connectors='
                    "dict(mine=[dict(type='mmeatrack.SearchTokens', layout='map'), dict(...)])."
                )


def check_loss_arguments(losses: nn.ModuleDict, mappings: Dict[str, dict]) -> None:
    """Refuse losses without a mapping and mappings without a needed argument (ValueError)."""
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


def mask_layouts(losses: nn.ModuleDict) -> Dict[str, str]:
    """Layout of the mask that each :class:`MaskedLoss` takes, by the loss's name.

    Raises:
        ValueError: If a loss takes ``target_mask`` and does not say in which layout.
    """
    layouts = {}
    for name in takers_of(TARGET_MASK, losses):
        loss = losses[name]
        layout = getattr(loss, 'mask_layout', None)
        if layout not in MASK_LAYOUTS:
            raise ValueError(
                f'distill_losses[{name!r}]: {type(loss).__name__}.forward takes {TARGET_MASK}, and '
                f'its mask_layout is {layout!r}. Set mask_layout in the class to one of '
                f"{list(MASK_LAYOUTS)}: 'tokens' is (B, Nx), 'map' is (B, Hf, Wf)."
            )
        layouts[name] = layout
    return layouts


def takers_of(argument: str, losses: nn.ModuleDict) -> List[str]:
    """Names of the losses whose ``forward`` has an argument."""
    return [name for name, loss in losses.items() if argument in signature(loss.forward).parameters]


def check_recorder_sources(recorders: RecorderManager, model: nn.Module, role: str) -> None:
    """Refuse recorders of modules that the model lacks (ValueError, with the closest names)."""
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
        and name != TARGET_MASK
    ]
