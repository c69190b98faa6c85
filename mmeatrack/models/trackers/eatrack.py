"""The EATrack tracker (arXiv 2605.28018): backbone, center head and, at test, the Target Store."""

import time
from typing import Any, Dict, List, Optional, Tuple

import torch
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh
from mmengine.structures import InstanceData
from mmtrack.models.sot.base import BaseSingleObjectTracker
from mmtrack.structures import TrackDataSample
from torch import Tensor

from mmeatrack.models.confidence import (
    CalibratedConfidence,
    Cues,
    mean_target_token,
    measure_cues,
    size_change,
)
from mmeatrack.models.heads import CenterHeadOutput
from mmeatrack.models.heads.center_head import hann_window
from mmeatrack.models.trackers.camera_motion import CameraMotion
from mmeatrack.models.trackers.checkpoint_guard import refuse_other_checkpoint
from mmeatrack.models.trackers.settings import complete_settings
from mmeatrack.models.trackers.state import TrackerState, search_window, smooth_size
from mmeatrack.registry import MODELS
from mmeatrack.structures import (
    CropWindow,
    check_target_box,
    clip_box,
    crop_box_to_image,
    crop_image,
    image_box_to_crop,
)
from mmeatrack.structures.boxes import Box

_SEARCH_LIMITS = ('search_factor', 'lost_search_factor', 'max_growth')


@MODELS.register_module()
class EATrack(BaseSingleObjectTracker):
    """One-stream tracker with a center head; student and teacher differ in their backbone's depths.

    Args:
        backbone: Config of an :class:`AsymmetricViT`, or of a backbone with its ``forward``,
            ``forward_template``, ``forward_search`` and ``forward_joint``.
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
            while there are no temporal tokens the template stands in their place, too;
            ``window_weight``: share of the Hann window in the prior on the place;
            ``size_smoothing``: share of the last box's size in the next; ``max_growth``: limit to
            the search crop, see :func:`search_window`; ``camera_motion``: whether the search crop
            follows the camera's motion, see :class:`CameraMotion`;
            ``test_mode``: 'OPE' or 'VOT'.
        data_preprocessor: Config of a :class:`CropDataPreprocessor`.
        allow_partial_checkpoint: Accept a checkpoint whose keys or shapes are not this model's.
        init_cfg: mmengine's initialisation config.

    Raises:
        ValueError: If the data preprocessor cannot normalise crops, or ``train_cfg`` or
            ``test_cfg`` holds an unknown key or a bad value.
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
        super().__init__(data_preprocessor, init_cfg)
        if not hasattr(self.data_preprocessor, 'normalize'):
            raise ValueError(
                f'data_preprocessor={data_preprocessor} cannot normalise crops: give a '
                'mmeatrack.CropDataPreprocessor with mean and std.'
            )
        self.train_cfg, self.test_cfg = complete_settings(train_cfg, test_cfg)
        self.backbone = MODELS.build(backbone)
        self.head = MODELS.build(head)
        grid = self.backbone.search_grid
        self.register_buffer('window', hann_window(grid, grid), persistent=False)
        self.state: Optional[TrackerState] = None
        self.temporal_cfg: Optional[dict] = None
        self.set_temporal(temporal)
        self.confidence_cfg = confidence
        self.lost_detector_cfg = dict(dict(type='mmeatrack.LostDetector'), **(lost_detector or {}))
        # Both are built anew for each video; a bad config fails now.
        self._build_confidence()
        MODELS.build(self.lost_detector_cfg)
        self.allow_partial_checkpoint = allow_partial_checkpoint

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor], prefix: str, *args: Any) -> None:
        # Both torch and mmengine come here first, with all keys of the tracker.
        if not self.allow_partial_checkpoint:
            refuse_other_checkpoint(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def set_temporal(self, temporal: Optional[dict]) -> None:
        """Switch temporal adaptation on (a :class:`TargetStore` config) or off (None).

        It takes effect at the next initialisation. The config is checked now.
        """
        if temporal is not None:
            MODELS.build(temporal)
        self.temporal_cfg = temporal

    # Training

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
        mask = self._draw_temporal_mask(len(data_samples))
        output = self._run(inputs, data_samples, mask)
        return self.head.loss(output, self.search_boxes(data_samples))

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
        if self._reads_template_boxes:
            boxes['template_boxes'] = template_boxes(data_samples)
        tokens = self.backbone(inputs['img'], search, temporal_mask, **boxes)
        return self.head(self._as_map(tokens.search))

    @property
    def _reads_template_boxes(self) -> bool:
        return getattr(self.backbone, 'box_embed', None) is not None

    def search_boxes(self, data_samples: List[TrackDataSample]) -> Tensor:
        """Ground truth of the search crops: (B, 4) centre and size over the crop's side.

        All 0 for a crop without the target: one of another video, which mmtrack's sampling labels 0
        (``train_cls_head=True``, ``cls_pos_prob``).
        """
        boxes = torch.cat([sample.search_gt_instances.bboxes[:1] for sample in data_samples])
        shows_target = [_shows_target(sample.search_gt_instances) for sample in data_samples]
        cxcywh = bbox_xyxy_to_cxcywh(boxes) / self.backbone.search_size
        return cxcywh * cxcywh.new_tensor(shows_target)[:, None]

    def _draw_temporal_mask(self, batch_size: int) -> Optional[Tensor]:
        drop = self.train_cfg['temporal_drop']
        if not drop or not self.training:
            return None
        return torch.rand(batch_size, device=self.window.device) >= drop

    def _as_map(self, search_tokens: Tensor) -> Tensor:
        """(B, Nx, C) -> (B, C, Hf, Wf)."""
        grid = self.backbone.search_grid
        return search_tokens.transpose(1, 2).unflatten(2, torch.Size((grid, grid)))

    # Test

    def init(self, img: Tensor) -> None:
        """Start on the box that mmtrack keeps in ``memo.bbox`` (cxcywh, image px).

        Args:
            img: (1, 3, H, W) raw frame.

        Raises:
            ValueError: If the box is empty, not finite or outside the frame.
        """
        cx, cy, w, h = self.memo.bbox.reshape(-1).tolist()
        check_target_box((cx - w / 2, cy - h / 2, w, h), _image_size(img))
        box = (cx, cy, w, h)
        template = self.encode_template(img, box)
        self.state = TrackerState(
            template=template,
            first_box=box,
            box=box,
            sure_box=box,
            active_template=template,
            template_token=mean_target_token(template),
            lost_detector=MODELS.build(self.lost_detector_cfg),
            confidence=self._build_confidence(),
            store=None if self.temporal_cfg is None else MODELS.build(self.temporal_cfg),
            temporal=self._fill(template, None),
            camera=self._follow_camera(img),
        )

    def _follow_camera(self, img: Tensor) -> Optional[CameraMotion]:
        if not self.test_cfg['camera_motion']:
            return None
        camera = CameraMotion()
        camera.update(img)
        return camera

    def _build_confidence(self) -> Optional[CalibratedConfidence]:
        return None if self.confidence_cfg is None else MODELS.build(self.confidence_cfg)

    def track(self, img: Tensor, data_samples: List[TrackDataSample]) -> List[InstanceData]:
        """Follow the target into the next frame.

        Args:
            img: (1, 3, H, W) raw frame.
            data_samples: Not used; mmtrack's interface.

        Returns:
            One :class:`InstanceData` with ``bboxes`` (1, 4) xyxy in image px, ``scores`` (1,),
            ``lost`` (1,) and ``network_seconds`` (1,), the time from crop to box.
        """
        if self.state is None:
            raise RuntimeError('the tracker has no target: call init on the first frame.')
        state = self.state
        state.frame += 1
        if state.camera is not None:
            (x, y), (cx, cy, w, h) = state.camera.update(img), state.box
            moved = (cx + x, cy + y, w, h)
            state.box = clip_box(moved, _image_size(img), self.test_cfg['margin'])
        limits = (self.test_cfg[name] for name in _SEARCH_LIMITS)
        window = search_window(state, *limits)
        crop = self.data_preprocessor.normalize(crop_image(img, window, self.backbone.search_size))
        began = time.perf_counter()
        box, (peak, side_lobe, agreement) = self._locate(crop, window, state)
        seconds = time.perf_counter() - began
        box = smooth_size(box, state.box, self.test_cfg['size_smoothing'])
        state.box = clip_box(box, _image_size(img), self.test_cfg['margin'])
        change = size_change(state.first_box, state.box)
        state.cues = Cues(peak, side_lobe, agreement, change)
        confidence = state.confidence
        score = state.cues.peak if confidence is None else confidence.update(state.cues)
        lost = state.lost_detector.update(score)
        if score >= state.lost_detector.found_above:
            state.sure_box = state.box
        self._adapt(img, state, score)

        cx, cy, w, h = state.box
        result = InstanceData()
        result.bboxes = img.new_tensor(
            [[cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]], dtype=torch.float32
        )
        result.scores = img.new_tensor([score], dtype=torch.float32)
        result.lost = torch.tensor([lost])
        result.network_seconds = torch.tensor([seconds])
        return [result]

    def _locate(
        self, crop: Tensor, window: CropWindow, state: TrackerState
    ) -> Tuple[Box, List[float]]:
        """Box in image px and first three cues, from the normalised search crop of the window."""
        x = self.backbone.forward_search(crop)
        tokens = self.backbone.forward_joint(state.active_template, x, state.temporal)
        output = self.head(self._as_map(tokens.search))
        prior = torch.lerp(
            torch.ones_like(self.window), self.window, self.test_cfg['window_weight']
        )
        prediction = self.head.predict(output, prior)
        cues = measure_cues(output, prediction, x, state.template_token)
        # One transfer from the device for all.
        values = torch.cat((prediction.bbox_cxcywh[0], cues)).tolist()
        size = self.backbone.search_size
        box = (values[0] * size, values[1] * size, values[2] * size, values[3] * size)
        return crop_box_to_image(box, window, size), values[4:]

    def encode_template(self, img: Tensor, box: Box) -> Tensor:
        """Stage-1 tokens (1, Nz, C) of the template crop around a box.

        Args:
            img: (1, 3, H, W) raw frame.
            box: Centre and size in image px.
        """
        window = CropWindow.around(box, self.test_cfg['template_factor'])
        size = self.backbone.template_size
        crop = self.data_preprocessor.normalize(crop_image(img, window, size))
        if not self._reads_template_boxes:
            return self.backbone.forward_template(crop)
        return self.backbone.forward_template(
            crop, crop.new_tensor([image_box_to_crop(box, window, size)])
        )

    def _adapt(self, img: Tensor, state: TrackerState, score: float) -> None:
        """Offer the frame to the store and, when it is due, take its tokens into use."""
        if state.store is None or state.lost_detector.lost:
            return
        box = state.box
        state.store.offer(state.frame, score, box, lambda: self.encode_template(img, box))
        if state.store.due(state.frame, score):
            state.active_template, temporal = state.store.read(state.template)
            state.temporal = self._fill(state.active_template, temporal)

    def _fill(self, template: Tensor, temporal: Optional[Tensor]) -> Optional[Tensor]:
        """What the temporal slot shows."""
        return template if temporal is None and self.test_cfg['fill_slot'] else temporal


def template_boxes(data_samples: Optional[List[TrackDataSample]]) -> Tensor:
    """Boxes of the template crops: (B, T, 4) centre and size in crop px.

    Raises:
        ValueError: If there are no annotations.
    """
    if data_samples is None:
        raise ValueError(
            'a backbone with box_embed=True reads the boxes of its templates: give data_samples.'
        )
    boxes = [bbox_xyxy_to_cxcywh(sample.gt_instances.bboxes) for sample in data_samples]
    return torch.stack(boxes)


def _shows_target(instances: InstanceData) -> bool:
    return bool(instances.labels[0]) if 'labels' in instances else True


def _image_size(img: Tensor) -> Tuple[int, int]:
    return img.shape[-1], img.shape[-2]
