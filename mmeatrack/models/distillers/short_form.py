"""Short form of the distiller's config, expanded into mmrazor's recorders, losses and mappings."""

from typing import Any, Dict, NamedTuple, Sequence, Tuple

LayerPairs = Sequence[Tuple[int, int]]
# Argument that a loss takes the mask by, and module and recorder of the boxes behind it.
TARGET_MASK, BOXES = 'target_mask', 'search_boxes'
# The same for the normaliser of the masked tokens, which the student exchanges with its own.
MASK_COUNT, COUNTS = 'mask_count', 'shared_counts'
# Begin of the names of the connectors that widen the student's tokens.
ADAPTER = 'adapter_'


class MmrazorParts(NamedTuple):
    """The five dicts of mmrazor's ConfigurableDistiller, by its own names."""

    student_recorders: Dict[str, dict]
    teacher_recorders: Dict[str, dict]
    connectors: Dict[str, Any]
    distill_losses: Dict[str, dict]
    loss_forward_mappings: Dict[str, dict]

    def add(self, **parts: Dict[str, dict]) -> None:
        """Add entries of the short form to those of the long one.

        Raises:
            ValueError: If the config has other entries of the same names.
        """
        for kind, entries in parts.items():
            own = getattr(self, kind)
            for name, entry in entries.items():
                if own.setdefault(name, entry) != entry:
                    raise ValueError(
                        f'{kind} has an entry {name!r}, a name that the short form (layer_pairs, '
                        'prediction_weight) takes for its own: give yours another.'
                    )


class FeatureForm(NamedTuple):
    """Short form of L_feat.

    Attributes:
        weight: Of the mean over the pairs.
        reduction: See :class:`TargetFeatureLoss`.
        tokens: 'search' or 'all'.
    """

    weight: float
    reduction: str
    tokens: str

    def add_to(self, parts: MmrazorParts, layer_pairs: LayerPairs) -> None:
        """Add a loss for each pair, with what it records."""
        selection: Dict[str, Any] = {}
        if self.tokens == 'search':
            parts.add(connectors=dict(search_tokens=dict(type='mmeatrack.SearchTokens')))
            selection = dict(connector='search_tokens')
        for pair in layer_pairs:
            student, teacher = (f'layer_{layer}' for layer in pair)
            loss = dict(
                type='mmeatrack.TargetFeatureLoss',
                reduction=self.reduction,
                loss_weight=self.weight / len(layer_pairs),
                tokens=self.tokens,
            )
            mapping = dict(
                student=dict(recorder=student, from_student=True, **selection),
                teacher=dict(recorder=teacher, from_student=False, **selection),
            )
            parts.add(
                student_recorders={student: _layer_recorder(pair[0])},
                teacher_recorders={teacher: _layer_recorder(pair[1])},
                distill_losses={feature_loss_name(pair): loss},
                loss_forward_mappings={feature_loss_name(pair): mapping},
            )


def add_prediction(parts: MmrazorParts, weight: float, options: Dict[str, Any]) -> None:
    """Add L_pred; ``options`` are those of :class:`TargetPredictionLoss`."""
    head = dict(head=dict(type='mmrazor.ModuleOutputs', source='head'))
    loss = dict(type='mmeatrack.TargetPredictionLoss', loss_weight=weight, **options)
    # data_idx 0 of CenterHeadOutput: the score map's logits.
    mapping = dict(
        student=dict(recorder='head', from_student=True, data_idx=0),
        teacher=dict(recorder='head', from_student=False, data_idx=0),
    )
    parts.add(
        student_recorders=head,
        teacher_recorders=head,
        distill_losses=dict(loss_pred=loss),
        loss_forward_mappings=dict(loss_pred=mapping),
    )


def add_masks(parts: MmrazorParts, feature_mask: Dict[str, Any]) -> None:
    """Add the connectors from the targets' boxes to the masks of L_feat and L_pred."""
    masks = {
        mask_name('tokens'): dict(
            type='mmeatrack.TargetMaskConnector', layout='tokens', **feature_mask
        ),
        mask_name('map'): dict(type='mmeatrack.TargetMaskConnector', layout='map', shape='hard'),
    }
    parts.add(connectors=masks)


def mask_record(layout: str) -> Dict[str, Any]:
    """Record of the mask in a layout, as a loss's mapping names it."""
    return dict(recorder=BOXES, from_student=True, connector=mask_name(layout))


def mask_name(layout: str) -> str:
    """Name of the connector that makes a mask: ``target_mask_map``."""
    return f'{TARGET_MASK}_{layout}'


def feature_loss_name(pair: Tuple[int, int]) -> str:
    """Name of a pair's L_feat: ``loss_feat_6_10``."""
    return f'loss_feat_{pair[0]}_{pair[1]}'


def _layer_recorder(layer: int) -> dict:
    return dict(type='mmeatrack.LayerOutputs', source=layer)
