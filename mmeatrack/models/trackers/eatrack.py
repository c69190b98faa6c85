"""EATrack tracker: backbone, center head and, at test time, the Target Store."""

from typing import Any, Dict, List, Mapping, Optional

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
from mmeatrack.registry import HOOKS, MODELS
from mmeatrack.tracking import complete_settings

_REMEDY = (
    'Use a checkpoint trained with this config; of a distillation run take the exported '
    '*_student.pth. allow_partial_checkpoint=True in the model accepts it anyway.'
)


@MODELS.register_module()
class EATrack(OnePassTracker):
    """One-stream tracker with a center head [1].

    Student and teacher differ only in the depths of their backbones.

    Args:
        backbone: Config of an :class:`AsymmetricViT` or another :class:`TrackerBackbone`.
        head: Config of a :class:`CenterHead`.
        temporal: Config of a :class:`TargetStore`; None leaves temporal adaptation off until
            :class:`TemporalAdaptationHook` switches it on.
        confidence: Config of a :class:`CalibratedConfidence`; None takes the score map at the
            predicted cell as the score.
        lost_detector: Config of a :class:`LostDetector`; None for its defaults.
        train_cfg: ``temporal_drop``: share of training samples whose temporal slot is empty.
        test_cfg: ``template_factor`` and ``search_factor``: crop side over the target's mean side;
            ``lost_search_factor``: the latter while the target is lost, see :func:`search_window`;
            ``margin``: px of the box kept inside the image; ``fill_slot``: the template also fills
            the temporal slot until there are temporal tokens; ``fast``: search frames run the
            :class:`FastNetwork`, with the same boxes; ``compile``: the network is compiled at the
            first ``init``, see :class:`CompiledNetwork`; ``size_smoothing`` and ``size_prior``:
            shares of the last and of the given box's size in the next box, see
            :func:`smooth_size`; ``compat='ostrack'``: crops and boxes follow OSTrack, see
            :mod:`mmeatrack.structures.conventions`; ``test_mode``: 'OPE' or 'VOT'.
        data_preprocessor: Config of a :class:`CropDataPreprocessor`.
        allow_partial_checkpoint: Accept a checkpoint whose keys or shapes differ from the model's.
        init_cfg: mmengine's initialisation config.

    Raises:
        TypeError: If the backbone is not a :class:`TrackerBackbone`.
        ValueError: If the data preprocessor cannot normalise crops, or ``train_cfg`` or
            ``test_cfg`` has an unknown key or a value out of range.

    References:
        [1] Yang et al. (EATrack), CVPR 2026, https://arxiv.org/abs/2605.28018

    Example:
        >>> from mmengine.config import Config
        >>> from mmeatrack.compat.config_paths import package_configs
        >>> from mmeatrack.registry import HOOKS, MODELS
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
        head_counts = getattr(self.head, 'loss_counts', ())
        self.num_head_counts = len(head_counts)  # the first of those shared; a distiller adds more
        self.shared_counts = SharedCounts(*head_counts)
        self.register_buffer('window', hann_window(self.backbone.search_grid), persistent=False)
        self.allow_partial_checkpoint = allow_partial_checkpoint
        self._cfg: Any = None

    @property
    def cfg(self) -> Any:
        """Config that mmtrack's ``init_model`` sets.

        Trackers of ``init_model`` run without hooks. Setting a config with a hook for temporal
        adaptation therefore switches that on.
        """
        if self._cfg is None:
            raise AttributeError('cfg')
        return self._cfg

    @cfg.setter
    def cfg(self, cfg: Any) -> None:
        self._cfg = cfg
        store = store_of_hooks(cfg)
        if store is not None:
            self.set_temporal(store)

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor], prefix: str, *args: Any) -> None:
        # torch and MMEngine both call this first, with all keys of the tracker in a copy that they
        # use afterwards.
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
        """Compute the losses of a batch of template and search crops.

        Args:
            inputs: ``img`` (B, T, 3, Hz, Hz) templates and ``search_img`` (B, 1, 3, Hx, Hx).
            data_samples: Their annotations; ``search_gt_instances.bboxes`` in crop px, xyxy.

        Returns:
            The head's losses, see :meth:`CenterHead.loss`.
        """
        self._has_random_weights = False
        boxes = self.search_boxes(data_samples, self.window.device)
        counts = self.shared_counts(boxes)
        output = self._forward(inputs, data_samples, self._draw_temporal_mask(len(data_samples)))
        return self.head.loss(output, boxes, *counts[: self.num_head_counts])

    def parts_to_compile(self) -> List[nn.Module]:
        """Modules that the config option ``compile`` compiles."""
        return [self.backbone, self.head]

    def _forward(
        self,
        inputs: Dict[str, Tensor],
        data_samples: Optional[List[TrackDataSample]] = None,
        temporal_mask: Optional[Tensor] = None,
        **kwargs: Any,
    ) -> CenterHeadOutput:
        """Tensor mode: maps of the head for the inputs of :meth:`loss`."""
        search = inputs['search_img'][:, 0]
        boxes = {}
        if self.reads_template_boxes:
            boxes['template_boxes'] = send(_template_boxes(data_samples), search.device)
        tokens = check_joint_tokens(self.backbone(inputs['img'], search, temporal_mask, **boxes))
        return self.head(as_map(tokens.search, self.backbone.search_grid))

    def _draw_temporal_mask(self, batch_size: int) -> Optional[Tensor]:
        drop = self.train_cfg['temporal_drop']
        if not drop or not self.training:
            return None
        return torch.rand(batch_size, device=self.window.device) >= drop


def _template_boxes(data_samples: Optional[List[TrackDataSample]]) -> Tensor:
    """Boxes of the template crops: (B, T, 4) float32 centre and size in crop px."""
    if data_samples is None:
        raise ValueError(
            'a backbone with box_embed=True reads the boxes of its templates: give data_samples.'
        )
    boxes = torch.stack([sample.gt_instances.bboxes for sample in data_samples]).float()
    converted: Tensor = bbox_xyxy_to_cxcywh(boxes)
    return converted


def store_of_hooks(cfg: Mapping[str, Any]) -> Optional[dict]:
    """Config of the :class:`TargetStore` that the hooks of a test run switch on, None without.

    A hook in ``custom_hooks`` or ``default_hooks`` may be given as MMEngine builds it: by its name
    ``mmeatrack.TemporalAdaptationHook``, its full path, its class, or as an instance; the last one
    counts.

    Raises:
        ValueError: If a hook of this package does not exist.
    """
    found = None
    for hook in (*(cfg.get('default_hooks') or {}).values(), *(cfg.get('custom_hooks') or ())):
        if isinstance(hook, Mapping):
            configure = getattr(_hook_class(hook.get('type')), 'store_config', None)
            found = found if configure is None else configure(hook.get('store'))
        elif hasattr(hook, 'store_config'):
            found = hook.store
    return found


def _hook_class(kind: Any) -> Any:
    """Class of a hook's ``type``; None for an unregistered hook of another library."""
    if not isinstance(kind, str):
        return kind
    try:
        found = HOOKS.get(kind)
    except (RuntimeError, ImportError):
        found = None
    if found is None and kind.startswith('mmeatrack.'):
        raise ValueError(f'the config names the hook {kind!r}, which mmeatrack does not have.')
    return found
