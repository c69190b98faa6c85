"""Distiller of EATrack: a short form of mmrazor's ConfigurableDistiller."""

from collections import OrderedDict
from functools import partial
from inspect import signature
from typing import Any, Dict, Optional, Union

import torch
from mmrazor.models.architectures.connectors import TorchNNConnector
from mmrazor.models.distillers import ConfigurableDistiller
from mmrazor.models.task_modules import RecorderManager
from torch import Tensor, nn

from mmeatrack.models.backbones.protocol import joint_layers
from mmeatrack.models.distillers import config_check, short_form
from mmeatrack.models.distillers.connectors import bind_connectors
from mmeatrack.models.distillers.short_form import BOXES, COUNTS, LayerPairs
from mmeatrack.models.losses import TargetFeatureLoss
from mmeatrack.registry import MODELS


@MODELS.register_module()
class EATrackDistiller(ConfigurableDistiller):
    """Feature and prediction distillation inside the target (dual-branch distillation of EATrack).

    The short form expands into mmrazor's recorders, connectors, losses and mappings. Those may be
    given as well, or instead (``layer_pairs=None, prediction_weight=0``), so that a config can use
    any loss of mmrazor. A loss whose ``forward`` takes ``target_mask``, a :class:`MaskedLoss`,
    gets the mask of the ground-truth box: the boxes that the student computes are recorded, and a
    :class:`TargetMaskConnector` turns them into masks.

    For a teacher of another width every pair has an adapter, a connector that maps the student's
    tokens to the teacher's width by a linear layer. It trains with the student, but belongs to the
    distiller.

    Args:
        layer_pairs: (student layer, teacher layer) for L_feat, counted from 0 through both stages;
            or 'auto': :class:`AutoPairHook` finds the pairs before the first step.
        feature_weight: Weight of L_feat, the mean over the pairs.
        tokens: Tokens that L_feat compares: 'search', or 'all', which adds those of the templates
            with weight 1.
        prediction_weight: Weight of L_pred; 0 leaves it out.
        temperature, direction, support: Of L_pred, see :class:`TargetPredictionLoss`.
        reduction: Reduction of L_feat, see :class:`TargetFeatureLoss`.
        feature_mask: Config of the :class:`TargetMask` M of L_feat. L_pred's m is its hard form.
        kwargs: Of ConfigurableDistiller: ``student_recorders``, ``teacher_recorders``,
            ``connectors``, ``distill_losses`` and ``loss_forward_mappings``.

    Raises:
        ValueError: If nothing is distilled, a pair is malformed or repeated, a weight is negative,
            a mapping lacks an argument, or an entry has a name that the short form uses.

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
        **kwargs: Any,
    ) -> None:
        weights = dict(feature_weight=feature_weight, prediction_weight=prediction_weight)
        for name, weight in weights.items():
            if not weight >= 0:  # nor NaN
                raise ValueError(f'{name}={weight} must be at least 0; 0 leaves the loss out.')
        # The losses of 'auto' are built later; wrong options fail now.
        TargetFeatureLoss(reduction, feature_weight, tokens)
        expand = partial(
            short_form.feature_parts, weight=feature_weight, reduction=reduction, tokens=tokens
        )
        parts = [{part: kwargs.pop(part, None) or {} for part in short_form.PARTS}]
        config_check.check_connectors(parts[0]['loss_forward_mappings'])
        pairs: LayerPairs = ()
        finds_pairs = layer_pairs == 'auto' and feature_weight > 0
        if layer_pairs and feature_weight:
            pairs = () if finds_pairs else config_check.check_layer_pairs(layer_pairs)
            parts.append(expand(pairs))
        if prediction_weight:
            options = dict(temperature=temperature, direction=direction, support=support)
            parts.append(short_form.prediction_parts(prediction_weight, **options))
        merged = short_form.merge(*parts, short_form.mask_parts(feature_mask or {}))
        if not merged['distill_losses'] and not finds_pairs:
            raise ValueError(
                'nothing is distilled: give layer_pairs, e.g. [(6, 10), (7, 11)], a '
                'prediction_weight above 0, or distill_losses.'
            )
        super().__init__(**merged, **kwargs)
        self.finds_pairs, self.layer_pairs, self._expand = finds_pairs, pairs, expand
        self._count_record: Optional[Dict[str, Any]] = None
        self._complete_mappings()

    def _complete_mappings(self) -> None:
        """Map ``target_mask`` and ``mask_count`` of the losses that take them; check the others."""
        for name, loss in self.distill_losses.items():
            arguments = signature(loss.forward)
            mapping = self.loss_forward_mappings.setdefault(name, {})
            if 'target_mask' in arguments.parameters:
                mapping.setdefault(
                    'target_mask', short_form.mask_record(config_check.mask_layout(name, loss))
                )
            if 'mask_count' in arguments.parameters and self._count_record:
                mapping.setdefault('mask_count', self._count_record)
            try:
                arguments.bind(**mapping)
            except TypeError as error:
                raise ValueError(
                    f'loss_forward_mappings[{name!r}] does not fit {type(loss).__name__}.forward, '
                    f'which takes {list(arguments.parameters)}: {error}. Map each argument by '
                    'dict(recorder=..., from_student=...).'
                ) from error

    def prepare_from_student(self, model: Any) -> None:
        """Hook the student's recorders.

        Raises:
            ValueError: If a source is not in the model.
        """
        mappings = self.loss_forward_mappings.values()
        has_masks = self.finds_pairs or any('target_mask' in mapping for mapping in mappings)
        recorders = self.student_recorders.recorders
        if not hasattr(model, COUNTS):
            del recorders[COUNTS]
        elif has_masks:
            term = self.connectors['target_mask_tokens'].count
            number = getattr(model, COUNTS).add(term)
            self._count_record = dict(recorder=COUNTS, from_student=True, data_idx=number)
            self._complete_mappings()
        if not has_masks and not hasattr(model, BOXES):
            del recorders[BOXES]
        config_check.check_recorder_sources(self.student_recorders, model, 'student')
        super().prepare_from_student(model)
        bind_connectors(self.connectors, model)
        self._student_width: Optional[int] = getattr(model.backbone, 'embed_dims', None)
        if self.finds_pairs:
            self._student_layers = joint_layers(model.backbone)
            # In the checkpoint, so that a resumed run keeps the pairs it started with.
            unknown = torch.full((len(self._student_layers), 2), -1, dtype=torch.long)
            self.register_buffer('found_pairs', unknown)

    def prepare_from_teacher(self, model: Any) -> None:
        """Hook the teacher's recorders and build the adapters that its width requires.

        Raises:
            ValueError: If a source is not in the model, or the teacher has no layers to pair.
        """
        if self.finds_pairs:
            joint_layers(model.backbone)
        config_check.check_recorder_sources(self.teacher_recorders, model, 'teacher')
        super().prepare_from_teacher(model)
        width = getattr(model.backbone, 'embed_dims', None)
        if width is None or self._student_width is None or width == self._student_width:
            return
        # The optimizer is built before the pairs of 'auto' are known: one for each student layer.
        owners = (
            [(layer,) for layer in self._student_layers] if self.finds_pairs else self.layer_pairs
        )
        for layers in owners:
            chain = OrderedDict(
                (name, self.connectors[name]) for name in self._expand(())['connectors']
            )
            chain['linear'] = TorchNNConnector(
                'Linear', dict(in_features=self._student_width, out_features=width)
            )
            self.connectors[short_form.adapter_name(*layers)] = nn.Sequential(chain)
        self._connect_adapters()

    def _connect_adapters(self) -> None:
        """Send each pair's student tokens through its adapter, if it has one."""
        for pair in self.layer_pairs:
            name = short_form.adapter_name(*(pair[:1] if self.finds_pairs else pair))
            if name in self.connectors:
                mapping = self.loss_forward_mappings[short_form.feature_loss_name(*pair)]
                mapping['student'] = dict(mapping['student'], connector=name)

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor], prefix: str, *args: Any) -> None:
        # Checkpoints of releases before 0.2 name a pair's adapter adapters.6_10.
        old = f'{prefix}adapters.'
        for key in [key for key in state_dict if key.startswith(old)]:
            pair, kind = key[len(old) :].split('.')
            new = f'{prefix}connectors.adapter_{pair}.linear.func.{kind}'
            state_dict[new] = state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *args)

    @property
    def lacks_pairs(self) -> bool:
        """True until the pairs of 'auto' are set."""
        return self.finds_pairs and not self.layer_pairs

    def set_layer_pairs(self, layer_pairs: LayerPairs, student: Any, teacher: Any) -> None:
        """Set the pairs of ``layer_pairs='auto'``, once.

        Args:
            layer_pairs: A pair for each joint layer of the student, in order.
            student, teacher: The models that the distiller was prepared with.

        Raises:
            RuntimeError: If the pairs are set already or were given.
            ValueError: If a pair is malformed, or a layer is not a joint layer.
        """
        if not self.lacks_pairs:
            raise RuntimeError(f'the layer pairs are set already: {list(self.layer_pairs)}.')
        pairs = config_check.check_layer_pairs(layer_pairs)
        if [pair[0] for pair in pairs] != self._student_layers:
            raise ValueError(
                f'layer_pairs={pairs} must have one pair for each joint layer of the student, '
                f'{self._student_layers}.'
            )
        parts = self._expand(pairs)
        for role, model in (('student_recorders', student), ('teacher_recorders', teacher)):
            added = RecorderManager(parts[role])
            added.initialize(model)
            getattr(self, role).recorders.update(added.recorders)
        self.distill_losses.update(self.build_distill_losses(parts['distill_losses']))
        self.loss_forward_mappings.update(parts['loss_forward_mappings'])
        self._complete_mappings()
        self.found_pairs.copy_(torch.tensor(pairs))
        self.layer_pairs = pairs
        self._connect_adapters()

    def get_record(
        self,
        *args: Any,
        connector: Optional[str] = None,
        connector_idx: Optional[int] = None,
        **kwargs: Any,
    ) -> Any:
        """A record as mmrazor returns it, made contiguous.

        Some records are views, such as the head's input, which mmrazor's losses and connectors
        cannot view again.
        """
        record: Any = super().get_record(*args, **kwargs)
        if isinstance(record, Tensor):
            record = record.contiguous()
        if connector:
            record = self.connectors[connector](record)
        return record if connector_idx is None else record[connector_idx]

    def compute_distill_losses(self) -> Dict[str, Tensor]:
        """Losses of the recorded batch; RuntimeError if 'auto' has no pairs yet."""
        if self.lacks_pairs:
            raise RuntimeError(
                "layer_pairs='auto' has no pairs yet: add dict(type='mmeatrack.AutoPairHook') to "
                'custom_hooks, which finds them before training starts.'
            )
        return super().compute_distill_losses()
