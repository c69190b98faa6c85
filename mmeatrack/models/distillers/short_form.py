"""The distiller's config of few words, written out as mmrazor's recorders, losses and mappings."""

from typing import Any, Dict, NamedTuple, Sequence, Tuple

LayerPairs = Sequence[Tuple[int, int]]
TOKENS = ('search', 'all')


class MmrazorParts(NamedTuple):
    """The five dicts of mmrazor's ConfigurableDistiller, by its own names."""

    student_recorders: Dict[str, dict]
    teacher_recorders: Dict[str, dict]
    connectors: Dict[str, dict]
    distill_losses: Dict[str, dict]
    loss_forward_mappings: Dict[str, dict]


class FeatureForm(NamedTuple):
    """L_feat in few words.

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
            parts.connectors['search_tokens'] = dict(type='mmeatrack.SearchTokens')
            selection = dict(connector='search_tokens')
        for pair in layer_pairs:
            student, teacher = (f'layer_{layer}' for layer in pair)
            parts.student_recorders[student] = _layer_recorder(pair[0])
            parts.teacher_recorders[teacher] = _layer_recorder(pair[1])
            parts.distill_losses[feature_loss_name(pair)] = dict(
                type='mmeatrack.TargetFeatureLoss',
                reduction=self.reduction,
                loss_weight=self.weight / len(layer_pairs),
            )
            parts.loss_forward_mappings[feature_loss_name(pair)] = dict(
                student=dict(recorder=student, from_student=True, **selection),
                teacher=dict(recorder=teacher, from_student=False, **selection),
            )


def add_prediction(parts: MmrazorParts, weight: float, options: Dict[str, Any]) -> None:
    """Add L_pred; ``options`` are those of :class:`TargetPredictionLoss`."""
    recorder = dict(type='mmrazor.ModuleOutputs', source='head')
    parts.student_recorders['head'] = recorder
    parts.teacher_recorders['head'] = dict(recorder)
    parts.distill_losses['loss_pred'] = dict(
        type='mmeatrack.TargetPredictionLoss', loss_weight=weight, **options
    )
    # data_idx 0 of CenterHeadOutput: the score map's logits.
    parts.loss_forward_mappings['loss_pred'] = dict(
        student=dict(recorder='head', from_student=True, data_idx=0),
        teacher=dict(recorder='head', from_student=False, data_idx=0),
    )


def feature_loss_name(pair: Tuple[int, int]) -> str:
    """Name of a pair's L_feat: ``loss_feat_6_10``."""
    return f'loss_feat_{pair[0]}_{pair[1]}'


def _layer_recorder(layer: int) -> dict:
    return dict(type='mmeatrack.LayerOutputs', source=layer)
