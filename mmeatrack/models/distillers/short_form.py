"""Short form of the distiller's config, expanded into mmrazor's recorders, losses and mappings."""

import copy
from typing import Any, Dict, Sequence, Tuple

LayerPairs = Sequence[Tuple[int, int]]
# The arguments of ConfigurableDistiller that the short form expands into.
PARTS = (
    'student_recorders',
    'teacher_recorders',
    'connectors',
    'distill_losses',
    'loss_forward_mappings',
)
Parts = Dict[str, Dict[str, Any]]
# The boxes behind a loss's target_mask and the normalisers behind its mask_count: names of the
# student's modules and of their recorders.
BOXES, COUNTS = 'search_boxes', 'shared_counts'


def merge(*given: Parts) -> Parts:
    """Merge the entries of several configs into a new one.

    Raises:
        ValueError: If two have different entries of one name.
    """
    merged: Parts = {part: {} for part in PARTS}
    for parts in given:
        for part, entries in parts.items():
            for name, entry in entries.items():
                # mmrazor chains the connectors of a list, and takes no tuple.
                entry = list(entry) if isinstance(entry, tuple) else copy.copy(entry)
                if merged[part].setdefault(name, entry) != entry:
                    raise ValueError(
                        f'{part} has an entry {name!r}, a name that the short form (layer_pairs, '
                        'prediction_weight) or a mask uses itself: give yours another name.'
                    )
    return merged


def feature_parts(pairs: LayerPairs, weight: float, reduction: str, tokens: str) -> Parts:
    """L_feat: a :class:`TargetFeatureLoss` for each pair, whose weights sum to ``weight``."""
    parts: Parts = {part: {} for part in PARTS}
    selection = {}
    if tokens == 'search':
        parts['connectors']['search_tokens'] = dict(type='mmeatrack.SearchTokens')
        selection = dict(connector='search_tokens')
    for pair in pairs:
        mapping: Dict[str, dict] = {}
        for role, layer in zip(('student', 'teacher'), pair):
            recorder = dict(type='mmeatrack.LayerOutputs', source=layer)
            parts[f'{role}_recorders'][f'layer_{layer}'] = recorder
            source = dict(recorder=f'layer_{layer}', from_student=role == 'student')
            mapping[role] = dict(source, **selection)
        name = feature_loss_name(*pair)
        parts['loss_forward_mappings'][name] = mapping
        parts['distill_losses'][name] = dict(
            type='mmeatrack.TargetFeatureLoss',
            reduction=reduction,
            loss_weight=weight / len(pairs),
            tokens=tokens,
        )
    return parts


def prediction_parts(weight: float, **options: Any) -> Parts:
    """L_pred; ``options`` are those of :class:`TargetPredictionLoss`."""
    head = dict(head=dict(type='mmrazor.ModuleOutputs', source='head'))
    record = dict(recorder='head', data_idx=0)  # of CenterHeadOutput: the score map's logits
    mapping = dict(
        student=dict(record, from_student=True), teacher=dict(record, from_student=False)
    )
    loss = dict(type='mmeatrack.TargetPredictionLoss', loss_weight=weight, **options)
    return dict(
        student_recorders=head,
        teacher_recorders=head,
        distill_losses=dict(loss_pred=loss),
        loss_forward_mappings=dict(loss_pred=mapping),
    )


def mask_parts(feature_mask: Dict[str, Any]) -> Parts:
    """Recorders of the targets' boxes and counts, and connectors from boxes to masks."""
    mask = dict(type='mmeatrack.TargetMaskConnector')
    return dict(
        student_recorders={
            module: dict(type='mmrazor.ModuleOutputs', source=module) for module in (BOXES, COUNTS)
        },
        connectors=dict(
            target_mask_tokens=dict(mask, layout='tokens', **feature_mask),
            target_mask_map=dict(mask, layout='map', shape='hard'),
        ),
    )


def mask_record(layout: str) -> Dict[str, Any]:
    """Mapping of ``target_mask`` to the mask in a layout."""
    return dict(recorder=BOXES, from_student=True, connector=f'target_mask_{layout}')


def feature_loss_name(student: int, teacher: int) -> str:
    """Name of a pair's L_feat: ``loss_feat_6_10``."""
    return f'loss_feat_{student}_{teacher}'


def adapter_name(*layers: int) -> str:
    """Name of a pair's adapter, ``adapter_6_10``, or of a student layer's, ``adapter_6``."""
    return '_'.join(map(str, ('adapter', *layers)))
