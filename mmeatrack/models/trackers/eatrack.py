"""EATrack tracker: backbone, center head and, at test, the Target Store."""

from typing import Any, Dict, List, Optional

import torch
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh
from mmtrack.structures import TrackDataSample
from torch import Tensor, nn

from mmeatrack.conversion.ostrack import convert_if_ostrack
from mmeatrack.conversion.state_dicts import find_weights
from mmeatrack.models.backbones import check_backbone, check_joint_tokens
from mmeatrack.models.checkpoint_fit import compare, refuse_other_model
from mmeatrack.models.data_preprocessors import send
from mmeatrack.models.heads import CenterHeadOutput
from mmeatrack.models.heads.center_head import hann_window
from mmeatrack.models.loss_terms import SearchBoxes, SharedCounts
from mmeatrack.models.search.plain_network import as_map
from mmeatrack.models.trackers.one_pass import OnePassTracker
from mmeatrack.registry import MODELS
from mmeatrack.tracking import complete_settings

_REMEDY = (
    'Use a checkpoint trained with this config; of a distillation run take the exported '
    '*_student.pth. allow_partial_checkpoint=True in the model accepts it all the same.'
)


@MODELS.register_module()
class EATrack(OnePassTracker):
    """One-stream tracker with a center head [1].

    Student and teacher differ in their backbone's depths alone.

    Args:
        backbone: Config of an :class:`AsymmetricViT` or another :class:`TrackerBackbone`.
        head: Config of a :class:`CenterHead`.
        temporal: Config of a :class:`TargetStore`; None leaves temporal adaptation off until
            :class:`TemporalAdaptationHook` switches it on.
        confidence: Config of a :class:`CalibratedConfidence`; None takes the score map at the
            predicted cell as it is.
        lost_detector: Config of a :class:`LostDetector`; None for its defaults.
        train_cfg: ``temporal_drop``: share of training samples whose temporal slot is empty.
        test_cfg: ``template_factor`` and ``search_factor``: crop side over the target's mean side;
            ``lost_search_factor``: crop side while the target is lost, see
            :func:`search_window`; ``margin``: px of the box kept inside the image; ``fill_slot``:
            the template fills the temporal slot, too, until there are temporal tokens;
            ``fast``: the search frames' network leaves out what does not reach the box, see
            :class:`FastNetwork`; with the same boxes; ``compile``: that network is compiled at
            the first ``init``, see :class:`CompiledNetwork`; ``size_smoothing``: share of the last
            box's size in the next, see :func:`smooth_size`; ``size_prior``: share of the given
            box's size in each box, likewise; ``compat='ostrack'``: crops and boxes as OSTrack's
            test has them, see :mod:`mmeatrack.structures.conventions`; ``test_mode``: 'OPE' or
            'VOT'.
        data_preprocessor: Config of a :class:`CropDataPreprocessor`.
        allow_partial_checkpoint: Accept a checkpoint whose keys or shapes are not this model's.
        init_cfg: mmengine's initialisation config.

    Raises:
        TypeError: If the backbone is no :class:`TrackerBackbone`.
        ValueError: If the data preprocessor cannot normalise crops, or ``train_cfg`` or
            ``test_cfg`` holds an unknown key or a bad value.

    References:
        [1] Yang et al., Dual-branch Distilled Transformer for Efficient Asymmetric UAV Tracking
            (EATrack), CVPR 2026, https://arxiv.org/abs/2605.28018

    Example:
        >>> from mmengine.config import Config
        >>> from mmeatrack.compat.config_paths import package_configs
        >>> from mmeatrack.registry import MODELS
        >>> config = Config.fromfile(package_configs() / '_base_/models/eatrack_micro.py')
        >>> tracker = MODELS.build(config.model)
        >>> type(tracker).__name__, tracker.backbone.search_size
        ('EATrack', 96)
    """

    def __init__(
        self,
        backbone: dict,
        head: dict,
        temporal: Optional[dict] = None,
        confidence: Optional[dict] = None,
        lost_detector: Optional[dict] = None,
        train_cfg: Optional[dict] = None,
        test_cfg: Optional[dict] = None,
        data_preprocessor: Optional[dict] = None,
        allow_partial_checkpoint: bool = False,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(temporal, confidence, lost_detector, data_preprocessor, init_cfg)
        if not hasattr(self.data_preprocessor, 'normalize'):
            raise ValueError(
                f'data_preprocessor={data_preprocessor} cannot normalise crops: give a '
                'mmeatrack.CropDataPreprocessor with mean and std.'
            )
        self.train_cfg, self.test_cfg = complete_settings(train_cfg, test_cfg)
        self.backbone = check_backbone(MODELS.build(backbone))
        self.head = MODELS.build(head)
        self.search_boxes = SearchBoxes(self.backbone.search_size)
        # Those of the head come first; a distiller adds its own.
        self.num_head_counts = len(getattr(self.head, 'loss_counts', ()))
        self.shared_counts = SharedCounts(*getattr(self.head, 'loss_counts', ()))
        grid = self.backbone.search_grid
        self.register_buffer('window', hann_window(grid, grid), persistent=False)
        self.allow_partial_checkpoint = allow_partial_checkpoint

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor], prefix: str, *args: Any) -> None:
        # Both torch and MMEngine come here first, with all keys of the tracker, in a copy that
        # they go on with.
        if not prefix:
            weights = convert_if_ostrack(find_weights(state_dict, 'the checkpoint').tensors)
            state_dict.clear()
            state_dict.update(weights)
        if not self.allow_partial_checkpoint:
            own = {prefix + key: value for key, value in self.state_dict().items()}
            weights = {key: state_dict[key] for key in state_dict if key.startswith(prefix)}
            refuse_other_model(compare(own, weights), self, 'the checkpoint', _REMEDY)
        self._has_random_weights = False
        super()._load_from_state_dict(state_dict, prefix, *args)

    def loss(
        self, inputs: Dict[str, Tensor], data_samples: List[TrackDataSample], **kwargs: Any
    ) -> Dict[str, Tensor]:
        """Losses of a batch of template and search crops.

        Args:
            inputs: ``img`` (B, T, 3, Hz, Hz) templates and ``search_img`` (B, 1, 3, Hx, Hx).
            data_samples: Their annotations; ``search_gt_instances.bboxes`` in crop px, xyxy.

        Returns:
            The head's losses, see :meth:`CenterHead.loss`.
        """
        self._has_random_weights = False
        boxes = self.search_boxes(data_samples, self.window.device)
        counts = self.shared_counts(boxes)
        mask = self._draw_temporal_mask(len(data_samples))
        output = self._run(inputs, data_samples, mask)
        return self.head.loss(output, boxes, *counts[: self.num_head_counts])

    def parts_to_compile(self) -> List[nn.Module]:
        """Modules that the config's ``compile`` option compiles."""
        return [self.backbone, self.head]

    def _forward(
        self,
        inputs: Dict[str, Tensor],
        data_samples: Optional[List[TrackDataSample]] = None,
        **kwargs: Any,
    ) -> CenterHeadOutput:
        """Tensor mode: the head's maps for the inputs of :meth:`loss`."""
        return self._run(inputs, data_samples)

    def _run(
        self,
        inputs: Dict[str, Tensor],
        data_samples: Optional[List[TrackDataSample]],
        temporal_mask: Optional[Tensor] = None,
    ) -> CenterHeadOutput:
        search = inputs['search_img'][:, 0]
        boxes = {}
        if self.reads_template_boxes:
            boxes['template_boxes'] = send(template_boxes(data_samples), search.device)
        found = self.backbone(inputs['img'], search, temporal_mask, **boxes)
        tokens = check_joint_tokens(found)
        return self.head(as_map(tokens.search, self.backbone.search_grid))

    def _draw_temporal_mask(self, batch_size: int) -> Optional[Tensor]:
        drop = self.train_cfg['temporal_drop']
        if not drop or not self.training:
            return None
        return torch.rand(batch_size, device=self.window.device) >= drop


def template_boxes(data_samples: Optional[List[TrackDataSample]]) -> Tensor:
    """Boxes of the template crops: (B, T, 4) float32 centre and size in crop px.

    Raises:
        ValueError: If there are no annotations.
    """
    if data_samples is None:
        raise ValueError(
            'a backbone with box_embed=True reads the boxes of its templates: give data_samples.'
        )
    boxes = torch.stack([sample.gt_instances.bboxes for sample in data_samples]).float()
    converted: Tensor = bbox_xyxy_to_cxcywh(boxes)
    return converted
