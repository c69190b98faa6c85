"""Distiller of EATrack: a short form of mmrazor's ConfigurableDistiller."""

from collections import OrderedDict
from typing import Any, Dict, Optional, Tuple, Union

import torch
from mmrazor.models.architectures.connectors import TorchNNConnector
from mmrazor.models.distillers import ConfigurableDistiller
from mmrazor.models.task_modules import RecorderManager
from torch import Tensor, nn

from mmeatrack.models.backbones.protocol import joint_layers
from mmeatrack.models.distillers.config_check import (
    check_connectors,
    check_distiller,
    check_layer_pairs,
    check_loss_arguments,
    check_recorder_sources,
    check_weights,
    mask_layouts,
    takers_of,
)
from mmeatrack.models.distillers.connectors import bind_connectors
from mmeatrack.models.distillers.short_form import (
    ADAPTER,
    BOXES,
    COUNTS,
    MASK_COUNT,
    TARGET_MASK,
    FeatureForm,
    LayerPairs,
    MmrazorParts,
    add_masks,
    add_prediction,
    feature_loss_name,
    mask_name,
    mask_record,
)
from mmeatrack.models.losses import TargetFeatureLoss
from mmeatrack.registry import MODELS

AUTO = 'auto'


@MODELS.register_module()
class EATrackDistiller(ConfigurableDistiller):
    """Feature and prediction distillation inside the target (dual-branch distillation of EATrack).

    The short form expands into mmrazor's recorders, connectors, losses and mappings. Those may be
    given too, instead (``layer_pairs=None, prediction_weight=0``) or besides: any loss of mmrazor
    can be put in from a config. A loss whose ``forward`` takes ``target_mask``, a
    :class:`MaskedLoss`, is given the mask of the ground-truth box: the boxes that the student
    computes are recorded, and a :class:`TargetMaskConnector` makes the mask of them.

    For a teacher of another width every pair has an adapter, a connector that takes the student's
    tokens to the teacher's width by a linear layer. It trains with the student and stays here,
    outside of it.

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
        ValueError: If nothing is distilled, a pair is malformed or repeated, a weight is negative,
            a mapping lacks an argument, or an entry's name is one of the short form's.

    Example:
        >>> distiller = EATrackDistiller(layer_pairs=[(6, 10), (7, 11)], support='target')
        >>> list(distiller.distill_losses)
        ['loss_feat_6_10', 'loss_feat_7_11', 'loss_pred']
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
        connectors: Optional[Dict[str, Any]] = None,
        distill_losses: Optional[Dict[str, dict]] = None,
        loss_forward_mappings: Optional[Dict[str, dict]] = None,
        **kwargs: Any,
    ) -> None:
        parts = MmrazorParts(
            dict(student_recorders or {}),
            dict(teacher_recorders or {}),
            {n: list(c) if isinstance(c, tuple) else c for n, c in (connectors or {}).items()},
            dict(distill_losses or {}),
            {name: dict(mapping) for name, mapping in (loss_forward_mappings or {}).items()},
        )
        check_weights(feature_weight=feature_weight, prediction_weight=prediction_weight)
        check_distiller(kwargs)
        check_connectors(parts.loss_forward_mappings)
        # The losses of 'auto' are built later; wrong options fail now.
        TargetFeatureLoss(reduction, feature_weight, tokens)
        features = FeatureForm(feature_weight, reduction, tokens)
        finds_pairs = layer_pairs == AUTO and feature_weight > 0
        pairs: LayerPairs = ()
        if layer_pairs and feature_weight:
            pairs = () if finds_pairs else check_layer_pairs(layer_pairs)
            features.add_to(parts, pairs)
        if prediction_weight:
            options = dict(temperature=temperature, direction=direction, support=support)
            add_prediction(parts, prediction_weight, options)
        add_masks(parts, feature_mask or {})
        if not parts.distill_losses and not finds_pairs:
            raise ValueError(
                'nothing is distilled: give layer_pairs, e.g. [(6, 10), (7, 11)], a '
                'prediction_weight above 0, or distill_losses.'
            )
        super().__init__(**parts._asdict(), **kwargs)
        check_loss_arguments(self.distill_losses, self.loss_forward_mappings)
        self.features, self.finds_pairs, self.layer_pairs = features, finds_pairs, pairs
        self._count_record: Dict[str, Any] = {}
        self._map_masks()

    def _map_masks(self) -> None:
        """Map the arguments ``target_mask`` and ``mask_count`` of each loss that has them."""
        layouts = mask_layouts(self.distill_losses)
        for name, layout in layouts.items():
            self.loss_forward_mappings[name].setdefault(TARGET_MASK, mask_record(layout))
        for name in takers_of(MASK_COUNT, self.distill_losses) if self._count_record else ():
            self.loss_forward_mappings[name].setdefault(MASK_COUNT, self._count_record)
        self._needs_boxes = self.finds_pairs or bool(layouts)

    def prepare_from_student(self, model: Any) -> None:
        """Hook the student's recorders.

        Raises:
            ValueError: If a source is not in the model, or a recorder has the name of the boxes'.
        """
        if self._needs_boxes or hasattr(model, BOXES):
            self._record(BOXES)
        if self._needs_boxes and hasattr(model, COUNTS):
            self._record(COUNTS)
            number = getattr(model, COUNTS).add(self.connectors[mask_name('tokens')].count)
            self._count_record = dict(recorder=COUNTS, from_student=True, data_idx=number)
        self._map_masks()
        check_recorder_sources(self.student_recorders, model, 'student')
        super().prepare_from_student(model)
        bind_connectors(self.connectors, model)
        self._student_width: Optional[int] = getattr(model.backbone, 'embed_dims', None)
        if self.finds_pairs:
            self._student_layers = joint_layers(model.backbone)
            # In the checkpoint, so that a resumed run keeps the pairs that it began with.
            unknown = torch.full((len(self._student_layers), 2), -1, dtype=torch.long)
            self.register_buffer('found_pairs', unknown)

    def _record(self, module: str) -> None:
        """Add the recorder of the boxes or the counts, unless the config has it."""
        recorder = RecorderManager({module: dict(type='mmrazor.ModuleOutputs', source=module)})
        own = self.student_recorders.recorders.setdefault(module, recorder.recorders[module])
        if own.source != module:
            raise ValueError(
                f'student_recorders[{module!r}] records {own.source!r}, but the masks are made of '
                'what the recorder of this name records: give yours another name.'
            )

    def prepare_from_teacher(self, model: Any) -> None:
        """Hook the teacher's recorders and build the adapters that its width asks for.

        Raises:
            ValueError: If a source is not in the model, or the teacher has no layers to pair.
        """
        if self.finds_pairs:
            joint_layers(model.backbone)
        check_recorder_sources(self.teacher_recorders, model, 'teacher')
        super().prepare_from_teacher(model)
        width = getattr(model.backbone, 'embed_dims', None)
        if width is None or self._student_width is None or width == self._student_width:
            return
        # The optimizer is made before the pairs of 'auto' are known: one for each student layer.
        names = [str(layer) for layer in self._student_layers] if self.finds_pairs else []
        for name in names or [self._adapter_name(pair) for pair in self.layer_pairs]:
            self.connectors[ADAPTER + name] = self._build_adapter(self._student_width, width)
        self._connect_adapters()

    def _build_adapter(self, student_width: int, teacher_width: int) -> nn.Sequential:
        """The connector of a pair's tokens, followed by a linear layer."""
        chain: Dict[str, nn.Module] = {}
        if self.features.tokens == 'search':
            chain['search_tokens'] = self.connectors['search_tokens']
        chain['linear'] = TorchNNConnector(
            'Linear', dict(in_features=student_width, out_features=teacher_width)
        )
        return nn.Sequential(OrderedDict(chain))

    def _connect_adapters(self) -> None:
        """Let each pair's student tokens go through its adapter, if it has one."""
        for pair in self.layer_pairs:
            name = ADAPTER + self._adapter_name(pair)
            if name in self.connectors:
                mapping = self.loss_forward_mappings[feature_loss_name(pair)]
                mapping['student'] = dict(mapping['student'], connector=name)

    def _adapter_name(self, pair: Tuple[int, int]) -> str:
        return str(pair[0]) if self.finds_pairs else f'{pair[0]}_{pair[1]}'

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor], prefix: str, *args: Any) -> None:
        # Checkpoints of releases before 0.2 name a pair's adapter adapters.6_10.
        old = f'{prefix}adapters.'
        for key in [key for key in state_dict if key.startswith(old)]:
            pair, kind = key[len(old) :].split('.')
            new = f'{prefix}connectors.{ADAPTER}{pair}.linear.func.{kind}'
            state_dict[new] = state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *args)

    @property
    def lacks_pairs(self) -> bool:
        """True until the pairs of 'auto' are set."""
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
        self._map_masks()
        self.found_pairs.copy_(torch.tensor(pairs))
        self.layer_pairs = pairs
        self._connect_adapters()

    def target_cells(self) -> Tensor:
        """(B, Hf, Wf) 1 inside the target and 0 outside, of the batch just recorded."""
        cells: Tensor = self.get_record(**mask_record('map'))
        return cells

    def get_record(
        self,
        recorder: str,
        from_student: bool,
        record_idx: int = 0,
        data_idx: Optional[int] = None,
        connector: Optional[str] = None,
        connector_idx: Optional[int] = None,
    ) -> Any:
        """A record as mmrazor gives it, with a tensor's values in order.

        Some records are views, such as the head's input, which mmrazor's losses and connectors
        cannot view again.
        """
        record: Any = super().get_record(recorder, from_student, record_idx, data_idx)
        if isinstance(record, Tensor):
            record = record.contiguous()
        if connector:
            record = self.connectors[connector](record)
        return record if connector_idx is None else record[connector_idx]

    def compute_distill_losses(self) -> Dict[str, Tensor]:
        """Losses of the batch just recorded; raises RuntimeError if 'auto' has no pairs yet."""
        if self.lacks_pairs:
            raise RuntimeError(
                "layer_pairs='auto' has no pairs yet: add dict(type='mmeatrack.AutoPairHook') to "
                'custom_hooks, which finds them before training starts.'
            )
        losses: Dict[str, Tensor] = super().compute_distill_losses()
        return losses
