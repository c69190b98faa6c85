"""The distiller of EATrack: a config of few words on mmrazor's ConfigurableDistiller."""

from typing import Any, Dict, Optional, Tuple, Union

import torch
from mmrazor.models.distillers import ConfigurableDistiller
from mmrazor.models.task_modules import RecorderManager
from torch import Tensor, nn
from torch.nn import functional as F

from mmeatrack.models.distillers.config_check import (
    INJECTED,
    check_layer_pairs,
    check_loss_arguments,
    check_recorder_sources,
    check_tokens,
    check_weights,
    takes_target_mask,
)
from mmeatrack.models.distillers.connectors import SearchTokens
from mmeatrack.models.distillers.layer_recorder import joint_layers
from mmeatrack.models.distillers.short_form import (
    FeatureForm,
    LayerPairs,
    MmrazorParts,
    add_prediction,
    feature_loss_name,
)
from mmeatrack.models.losses import TargetMask
from mmeatrack.registry import MODELS

AUTO = 'auto'


@MODELS.register_module()
class EATrackDistiller(ConfigurableDistiller):
    """Feature and prediction distillation inside the target (EATrack, dual-branch distillation).

    The short form expands into mmrazor's recorders, connectors, losses and mappings. Those may be
    given too, instead (``layer_pairs=None, prediction_weight=0``) or besides: any loss of mmrazor
    can be put in from a config. A loss whose ``forward`` takes ``target_mask`` is given the mask of
    the ground-truth box.

    For a teacher of another width every pair has an adapter, a linear layer from the student's
    tokens to the teacher's width. It trains with the student and stays here, outside of it.

    Args:
        layer_pairs: (student layer, teacher layer) for L_feat, counted from 0 through both stages;
            or 'auto': :class:`AutoPairHook` finds the pairs before the first step.
        feature_weight: Weight of L_feat, the mean over the pairs.
        tokens: What L_feat compares: 'search' tokens, or 'all', those of the templates too, whose
            weight is 1.
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
        layer_pairs: Union[LayerPairs, str, None] = None,
        feature_weight: float = 1.0,
        tokens: str = 'search',
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
        parts = MmrazorParts(
            dict(student_recorders or {}),
            dict(teacher_recorders or {}),
            dict(connectors or {}),
            dict(distill_losses or {}),
            dict(loss_forward_mappings or {}),
        )
        check_weights(feature_weight=feature_weight, prediction_weight=prediction_weight)
        check_tokens(tokens)
        if kwargs.get('distill_deliveries'):
            raise ValueError(
                'EATrackDistill makes no distill_deliveries: leave them out, and record what a '
                'loss compares.'
            )
        features = FeatureForm(feature_weight, reduction, tokens)
        finds_pairs = layer_pairs == AUTO and feature_weight > 0
        pairs: LayerPairs = ()
        if layer_pairs and feature_weight:
            pairs = () if finds_pairs else check_layer_pairs(layer_pairs)
            features.add_to(parts, pairs)
        if prediction_weight:
            options = dict(temperature=temperature, direction=direction, support=support)
            add_prediction(parts, prediction_weight, options)
        if not parts.distill_losses and not finds_pairs:
            raise ValueError(
                'nothing is distilled: give layer_pairs, e.g. [(6, 10), (7, 11)], a '
                'prediction_weight above 0, or distill_losses.'
            )
        super().__init__(**parts._asdict(), **kwargs)
        check_loss_arguments(self.distill_losses, self.loss_forward_mappings)
        self.features, self.finds_pairs, self.layer_pairs = features, finds_pairs, pairs
        self.adapters = nn.ModuleDict()
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
        self._student_width: Optional[int] = getattr(model.backbone, 'embed_dims', None)
        if self.finds_pairs:
            self._student_layers = joint_layers(model)
            # In the checkpoint, so that a resumed run keeps the pairs that it began with.
            unknown = torch.full((len(self._student_layers), 2), -1, dtype=torch.long)
            self.register_buffer('found_pairs', unknown)

    def prepare_from_teacher(self, model: Any) -> None:
        """Hook the teacher's recorders and build the adapters that its width asks for.

        Raises:
            ValueError: If a source is not in the model.
        """
        check_recorder_sources(self.teacher_recorders, model, 'teacher')
        super().prepare_from_teacher(model)
        width = getattr(model.backbone, 'embed_dims', None)
        if width is None or self._student_width is None or width == self._student_width:
            return
        # The optimizer is made before the pairs of 'auto' are known: one for each student layer.
        names = [str(layer) for layer in self._student_layers] if self.finds_pairs else []
        for name in names or [self._adapter_name(pair) for pair in self.layer_pairs]:
            self.adapters[name] = nn.Linear(self._student_width, width)

    @property
    def lacks_pairs(self) -> bool:
        """Whether the pairs of 'auto' are not set yet."""
        return self.finds_pairs and not self.layer_pairs

    def set_layer_pairs(self, layer_pairs: LayerPairs, student: Any, teacher: Any) -> None:
        """Distil these pairs from now on; for ``layer_pairs='auto'``, once.

        Args:
            layer_pairs: A pair for each joint layer of the student, in order.
            student, teacher: The models that the distiller was prepared with.

        Raises:
            RuntimeError: If the pairs are set already or were given.
            ValueError: If a pair is malformed, or a layer is no joint layer.
        """
        if not self.lacks_pairs:
            raise RuntimeError(f'the layer pairs are set already: {list(self.layer_pairs)}.')
        pairs = check_layer_pairs(layer_pairs)
        if [pair[0] for pair in pairs] != self._student_layers:
            raise ValueError(
                f'layer_pairs={pairs} must have one pair for each joint layer of the student, '
                f'{self._student_layers}.'
            )
        parts = MmrazorParts({}, {}, {}, {}, {})
        self.features.add_to(parts, pairs)
        for ours, recorders, model in (
            (self.student_recorders, parts.student_recorders, student),
            (self.teacher_recorders, parts.teacher_recorders, teacher),
        ):
            added = RecorderManager(recorders)
            added.initialize(model)
            ours.recorders.update(added.recorders)
        self.distill_losses.update(self.build_distill_losses(parts.distill_losses))
        self.loss_forward_mappings.update(parts.loss_forward_mappings)
        self.found_pairs.copy_(torch.tensor(pairs))
        self.layer_pairs = pairs

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

    def target_cells(self) -> Tensor:
        """(B, Hf, Wf) 1 inside the target and 0 outside, of the batch at hand."""
        return self._target_masks['map']

    def compute_distill_losses(self) -> Dict[str, Tensor]:
        """Losses of the batch just recorded, by the names in ``distill_losses``.

        Raises:
            RuntimeError: If the pairs of 'auto' are not known.
        """
        if self.lacks_pairs:
            raise RuntimeError(
                "layer_pairs='auto' has no pairs yet: add dict(type='mmeatrack.AutoPairHook') to "
                'custom_hooks, which finds them before training starts.'
            )
        adapter_of = {feature_loss_name(p): self._adapter_name(p) for p in self.layer_pairs}
        losses = dict()
        for name, mapping in self.loss_forward_mappings.items():
            loss = self.distill_losses[name]
            arguments = {key: self.get_record(**record) for key, record in mapping.items()}
            if name in adapter_of and adapter_of[name] in self.adapters:
                arguments['student'] = self.adapters[adapter_of[name]](arguments['student'])
            if takes_target_mask(loss):
                mask = self._target_masks[loss.mask_layout]
                if name in adapter_of and self.features.tokens == 'all':
                    # The templates' tokens come before those of the search crop.
                    before = arguments['student'].shape[1] - mask.shape[1]
                    mask = F.pad(mask, (before, 0), value=1.0)
                arguments[INJECTED] = mask
            losses[name] = loss(**arguments)
        return losses

    def release(self) -> None:
        """Let go of what was recorded, and with it of the batch's graph."""
        for manager in (self.student_recorders, self.teacher_recorders):
            for recorder in manager.recorders.values():
                recorder.reset_data_buffer()
        self._target_masks = {}

    def _adapter_name(self, pair: Tuple[int, int]) -> str:
        return str(pair[0]) if self.finds_pairs else f'{pair[0]}_{pair[1]}'
