"""Checks of a distiller's config when it is built, which mmrazor leaves to the first step."""

from difflib import get_close_matches
from operator import index
from typing import Any, Dict, Optional, Tuple

from mmrazor.models.distillers import ConfigurableDistiller, OFDDistiller
from mmrazor.models.task_modules import RecorderManager
from torch import nn

from mmeatrack.models.losses.target_mask import MASK_LAYOUTS
from mmeatrack.registry import MODELS


def check_teacher(ckpt: Optional[str], allow_random: bool, distiller: Dict[str, Any]) -> None:
    """Refuse a random teacher, and a distiller that :class:`EATrackDistill` cannot run.

    Raises:
        ValueError: If there is no checkpoint, or the distiller is not a ConfigurableDistiller,
            needs an algorithm of its own, or has deliveries.
    """
    if ckpt is None and not allow_random:
        raise ValueError(
            'teacher_ckpt is missing, and a random teacher teaches nothing: set '
            'model.teacher_ckpt (with several teachers, the ckpt of each) to a checkpoint of the '
            'teacher, or model.allow_random_teacher=True to test the machinery.'
        )
    kind = distiller.get('type')
    built = MODELS.get(kind) if isinstance(kind, str) else kind
    if isinstance(built, type) and (
        not issubclass(built, ConfigurableDistiller) or issubclass(built, OFDDistiller)
    ):
        raise ValueError(
            f'distiller.type={kind!r} does not run in mmeatrack.EATrackDistill: give '
            'mmeatrack.EATrackDistiller, or mmrazor.ConfigurableDistiller.'
        )
    if distiller.get('distill_deliveries'):
        raise ValueError(
            'EATrackDistill does not run distill_deliveries: leave them out, and record what a '
            'loss compares.'
        )


def check_layer_pairs(layer_pairs: Any) -> Tuple[Tuple[int, int], ...]:
    """Return the layer pairs; ValueError if one is malformed or repeated."""
    try:
        pairs = tuple((index(student), index(teacher)) for student, teacher in layer_pairs)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"layer_pairs={layer_pairs!r}: it is 'auto' or a list of pairs (student layer, teacher "
            'layer) of whole numbers, e.g. [(6, 10), (7, 11)].'
        ) from error
    if len(set(pairs)) < len(pairs):
        raise ValueError(f'layer_pairs={layer_pairs!r} has a pair twice: give each pair once.')
    return pairs


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


def mask_layout(name: str, loss: nn.Module) -> str:
    """Layout of the mask that a :class:`MaskedLoss` takes; ValueError if it does not say."""
    layout = getattr(loss, 'mask_layout', None)
    if layout not in MASK_LAYOUTS:
        raise ValueError(
            f'distill_losses[{name!r}]: {type(loss).__name__}.forward takes target_mask, and its '
            f'mask_layout is {layout!r}. Set mask_layout in the class to one of '
            f"{list(MASK_LAYOUTS)}: 'tokens' is (B, Nx), 'map' is (B, Hf, Wf)."
        )
    return str(layout)


def check_recorder_sources(recorders: RecorderManager, model: nn.Module, role: str) -> None:
    """Refuse recorders of modules that the model lacks (ValueError, with the closest names)."""
    modules = [name for name, _ in model.named_modules() if name]
    for name, recorder in recorders.recorders.items():
        source = recorder.source
        if type(recorder).__name__.startswith('Module') and source not in modules:
            raise ValueError(
                f'{role}_recorders[{name!r}] records {source!r}, which the {role} '
                f'({type(model).__name__}) does not have. Name one of its modules, e.g. '
                f'{get_close_matches(source, modules, n=3, cutoff=0.3)}; '
                f'dict(model.named_modules()) lists all {len(modules)}.'
            )
