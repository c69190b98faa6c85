"""The distiller of EATrack: a config of few words on mmrazor's ConfigurableDistiller."""

from typing import Any, Dict, Optional, Sequence, Tuple

import torch
from mmrazor.models.distillers import ConfigurableDistiller
from torch import Tensor, nn

from mmeatrack.models.distillers.config_check import (
    INJECTED,
    check_layer_pairs,
    check_loss_arguments,
    check_recorder_sources,
    check_weights,
    takes_target_mask,
)
from mmeatrack.models.distillers.connectors import SearchTokens
from mmeatrack.models.losses import TargetMask
from mmeatrack.registry import MODELS

LayerPairs = Sequence[Tuple[int, int]]


@MODELS.register_module()
class EATrackDistiller(ConfigurableDistiller):
    """Feature and prediction distillation inside the target (EATrack, dual-branch distillation).

    The short form expands into mmrazor's recorders, connectors, losses and mappings. Those may be
    given
    too, instead (``layer_pairs=None, prediction_weight=0``) or besides: any loss of mmrazor can
    be put in from a config. A loss whose ``forward`` takes ``target_mask`` is given the mask of the
    ground-truth box.

    Args:
        layer_pairs: (student layer, teacher layer) for L_feat, counted from 0 through both stages.
        feature_weight: Weight of L_feat, the mean over the pairs.
        prediction_weight: Weight of L_pred; 0 leaves it out.
        temperature: Temperature of L_pred.
        direction, support: Of L_pred, see :class:`TargetPredictionLoss`.
        reduction: Reduction of L_feat, see :class:`TargetFeatureLoss`.
        feature_mask: Config of the :class:`TargetMask` M of L_feat. L_pred's m is its hard form.
        student_recorders, teacher_recorders, connectors, distill_losses, loss_forward_mappings: In
            mmrazor's form.
        kwargs: Of ConfigurableDistiller.

    Raises:
        ValueError: If nothing is distilled, a pair is malformed or repeated, a weight is negative
            or a mapping lacks an argument.
    """

    def __init__(
        self,
        layer_pairs: Optional[LayerPairs] = None,
        feature_weight: float = 1.0,
        prediction_weight: float = 1.0,
        temperature: float = 1.0,
        direction: str = 'student_teacher',
        support: str = 'map',
        reduction: str = 'paper',
        feature_mask: Optional[dict] = None,
        student_recorders: Optional[Dict[str, dict]] = None,
        teacher_recorders: Optional[Dict[str, dict]] = None,
        connectors: Optional[Dict[str, dict]] = None,
        distill_losses: Optional[Dict[str, dict]] = None,
        loss_forward_mappings: Optional[Dict[str, dict]] = None,
        **kwargs: Any,
    ) -> None:
        parts = _Parts(
            dict(student_recorders or {}),
            dict(teacher_recorders or {}),
            dict(connectors or {}),
            dict(distill_losses or {}),
            dict(loss_forward_mappings or {}),
        )
        check_weights(feature_weight=feature_weight, prediction_weight=prediction_weight)
        if kwargs.get('distill_deliveries'):
            raise ValueError(
                'EATrackDistill makes no distill_deliveries: leave them out, and record what a '
                'loss compares.'
            )
        if layer_pairs and feature_weight:
            check_layer_pairs(layer_pairs)
            parts.add_features(layer_pairs, feature_weight, reduction)
        if prediction_weight:
            parts.add_prediction(
                prediction_weight,
                dict(temperature=temperature, direction=direction, support=support),
            )
        if not parts.losses:
            raise ValueError(
                'nothing is distilled: give layer_pairs, e.g. [(6, 10), (7, 11)], a '
                'prediction_weight above 0, or distill_losses.'
            )
        super().__init__(
            student_recorders=parts.student_recorders,
            teacher_recorders=parts.teacher_recorders,
            connectors=parts.connectors,
            distill_losses=parts.losses,
            loss_forward_mappings=parts.mappings,
            **kwargs,
        )
        check_loss_arguments(self.distill_losses, self.loss_forward_mappings)
        self.feature_mask = TargetMask(**(feature_mask or {}))
        self.prediction_mask = TargetMask('hard')
        self._target_masks: Dict[str, Tensor] = {}

    def prepare_from_student(self, model: Any) -> None:
        """Hook the student's recorders; ValueError if a source is not in the model."""
        check_recorder_sources(self.student_recorders, model, 'student')
        super().prepare_from_student(model)
        for connector in self.connectors.modules():
            if isinstance(connector, SearchTokens):
                connector.bind(model.backbone.search_grid)

    def prepare_from_teacher(self, model: nn.Module) -> None:
        """Hook the teacher's recorders; ValueError if a source is not in the model."""
        check_recorder_sources(self.teacher_recorders, model, 'teacher')
        super().prepare_from_teacher(model)

    def set_target(self, bbox_cxcywh: Tensor, grid: Tuple[int, int]) -> None:
        """Compute the masks of a batch.

        Args:
            bbox_cxcywh: (B, 4) ground truth, centre and size over the search crop's side.
            grid: ``(Hf, Wf)`` of the search crop.
        """
        with torch.no_grad():
            self._target_masks = dict(
                tokens=self.feature_mask(bbox_cxcywh, grid).flatten(1),
                map=self.prediction_mask(bbox_cxcywh, grid),
            )

    def compute_distill_losses(self) -> Dict[str, Tensor]:
        """Losses of the batch just recorded, by the names in ``distill_losses``."""
        losses = dict()
        for name, mapping in self.loss_forward_mappings.items():
            loss = self.distill_losses[name]
            arguments = {key: self.get_record(**record) for key, record in mapping.items()}
            if takes_target_mask(loss):
                arguments[INJECTED] = self._target_masks[loss.mask_layout]
            losses[name] = loss(**arguments)
        return losses

    def release(self) -> None:
        """Let go of what was recorded, and with it of the batch's graph."""
        for manager in (self.student_recorders, self.teacher_recorders):
            for recorder in manager.recorders.values():
                recorder.reset_data_buffer()
        self._target_masks = {}


class _Parts:
    """mmrazor's five dicts, filled by the short form."""

    def __init__(
        self,
        student_recorders: Dict[str, dict],
        teacher_recorders: Dict[str, dict],
        connectors: Dict[str, dict],
        losses: Dict[str, dict],
        mappings: Dict[str, dict],
    ) -> None:
        self.student_recorders, self.teacher_recorders = student_recorders, teacher_recorders
        self.connectors, self.losses, self.mappings = connectors, losses, mappings

    def add_features(self, layer_pairs: LayerPairs, weight: float, reduction: str) -> None:
        for student_layer, teacher_layer in layer_pairs:
            student, teacher = f'layer_{student_layer}', f'layer_{teacher_layer}'
            self.student_recorders[student] = _layer_recorder(student_layer)
            self.teacher_recorders[teacher] = _layer_recorder(teacher_layer)
            name = f'loss_feat_{student_layer}_{teacher_layer}'
            self.losses[name] = dict(
                type='mmeatrack.TargetFeatureLoss',
                reduction=reduction,
                loss_weight=weight / len(layer_pairs),
            )
            self.mappings[name] = dict(
                student=dict(recorder=student, from_student=True, connector='search_tokens'),
                teacher=dict(recorder=teacher, from_student=False, connector='search_tokens'),
            )
        self.connectors['search_tokens'] = dict(type='mmeatrack.SearchTokens')

    def add_prediction(self, weight: float, options: Dict[str, Any]) -> None:
        recorder = dict(type='mmrazor.ModuleOutputs', source='head')
        self.student_recorders['head'], self.teacher_recorders['head'] = recorder, dict(recorder)
        self.losses['loss_pred'] = dict(
            type='mmeatrack.TargetPredictionLoss', loss_weight=weight, **options
        )
        # data_idx 0 of CenterHeadOutput: the score map's logits.
        self.mappings['loss_pred'] = dict(
            student=dict(recorder='head', from_student=True, data_idx=0),
            teacher=dict(recorder='head', from_student=False, data_idx=0),
        )


def _layer_recorder(layer: int) -> dict:
    return dict(type='mmeatrack.LayerOutputs', source=layer)
