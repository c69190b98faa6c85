"""Tracking of a video frame by frame: template, search crop, box, Target Store."""

import logging
import time
from typing import Any, List, Optional, Tuple

import torch
from mmengine.logging import print_log
from mmengine.structures import InstanceData
from mmtrack.models.sot.base import BaseSingleObjectTracker
from mmtrack.structures import TrackDataSample
from torch import Tensor

from mmeatrack.models.confidence import mean_target_token
from mmeatrack.models.search import NetworkOfWeights
from mmeatrack.models.temporal.hook_config import store_of_hooks
from mmeatrack.registry import MODELS
from mmeatrack.structures import (
    CropWindow,
    check_target_box,
    crop_box_to_image,
    crop_image,
    image_box_to_crop,
)
from mmeatrack.structures.boxes import Box
from mmeatrack.tracking import TrackerState, VideoParts, adapt, advance, begin, search_window


class OnePassTracker(BaseSingleObjectTracker):
    """Test path of :class:`EATrack`: ``init`` on the first frame, ``track`` on each further one.

    Its subclass gives ``backbone``, ``head``, ``window`` and ``test_cfg``.

    Args:
        temporal: Config of a :class:`TargetStore`, or None.
        confidence: Config of a :class:`CalibratedConfidence`, or None.
        lost_detector: Config of a :class:`LostDetector`; None for its defaults.
        data_preprocessor: Config of a :class:`CropDataPreprocessor`.
        init_cfg: mmengine's initialisation config.
    """

    def __init__(
        self,
        temporal: Optional[dict],
        confidence: Optional[dict],
        lost_detector: Optional[dict],
        data_preprocessor: Optional[dict],
        init_cfg: Optional[dict],
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.state: Optional[TrackerState] = None
        self.temporal_cfg: Optional[dict] = None
        # Not an attribute each: a part that is an nn.Module would be registered with its weights.
        self._parts = VideoParts(
            MODELS.build(dict(dict(type='mmeatrack.LostDetector'), **(lost_detector or {}))),
            None if confidence is None else MODELS.build(confidence),
            None,
        )
        self.set_temporal(temporal)
        self._networks = NetworkOfWeights()
        self._cfg: Any = None
        self._has_random_weights = True

    @property
    def cfg(self) -> Any:
        """Config that mmtrack's ``init_model`` keeps here.

        Trackers of ``init_model`` run without hooks. A config that asks for temporal adaptation by
        a hook therefore switches it on when it is set.
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

    def set_temporal(self, temporal: Optional[dict]) -> None:
        """Switch temporal adaptation on (a :class:`TargetStore` config) or off (None).

        It takes effect at the next initialisation. The config is checked now.
        """
        store = None if temporal is None else MODELS.build(temporal)
        self._parts = self._parts._replace(store=store)
        self.temporal_cfg = temporal

    def init(self, img: Tensor) -> None:
        """Start on the box that mmtrack keeps in ``memo.bbox`` (cxcywh, image px).

        Args:
            img: (1, 3, H, W) raw frame.

        Raises:
            ValueError: If the box is empty, not finite or outside the frame.
            RuntimeError: If the tracker is in training mode.
        """
        self._check_mode()
        self._report_random_weights()
        cx, cy, w, h = self.memo.bbox.reshape(-1).tolist()
        check_target_box((cx - w / 2, cy - h / 2, w, h), _image_size(img))
        box = (cx, cy, w, h)
        template = self.encode_template(img, box)
        token = mean_target_token(template)
        self.state = begin(template, token, box, self._parts, self.test_cfg)
        self.state.network = self._networks.of(self)

    def track(self, img: Tensor, data_samples: List[TrackDataSample]) -> List[InstanceData]:
        """Follow the target into the next frame.

        Args:
            img: (1, 3, H, W) raw frame.
            data_samples: Not used; mmtrack's interface.

        Returns:
            One :class:`InstanceData` with ``bboxes`` (1, 4) xyxy in image px, ``scores`` (1,),
            ``lost`` (1,) and ``network_seconds`` (1,), the time from crop to box; on the CPU.

        Raises:
            RuntimeError: If there was no first frame, or the tracker is in training mode.
        """
        if self.state is None:
            raise RuntimeError('the tracker has no target: call init on the first frame.')
        self._check_mode()
        state = self.state
        state.frame += 1
        factors = self.test_cfg['search_factor'], self.test_cfg['lost_search_factor']
        window = search_window(state, *factors)
        crop = self._crop(img, window, self.backbone.search_size)
        began = time.perf_counter()
        box, cues = self._locate(crop, window, state)
        seconds = time.perf_counter() - began
        score, lost = advance(state, box, cues, _image_size(img), self.test_cfg)
        adapt(state, score, lambda box: self.encode_template(img, box), self.test_cfg)

        cx, cy, w, h = state.box
        result = InstanceData()
        xyxy = [[cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]]
        result.bboxes = torch.tensor(xyxy, dtype=torch.float32)
        result.scores = torch.tensor([score], dtype=torch.float32)
        result.lost = torch.tensor([lost])
        result.network_seconds = torch.tensor([seconds])
        return [result]

    def encode_template(self, img: Tensor, box: Box) -> Tensor:
        """Stage-1 tokens (1, Nz, C) of the template crop around a box.

        Args:
            img: (1, 3, H, W) raw frame.
            box: Centre and size in image px.
        """
        window = CropWindow.around(box, self.test_cfg['template_factor'])
        size = self.backbone.template_size
        crop = self._crop(img, window, size)
        if not self.reads_template_boxes:
            return self.backbone.forward_template(crop)
        return self.backbone.forward_template(
            crop, crop.new_tensor([image_box_to_crop(box, window, size)])
        )

    @property
    def reads_template_boxes(self) -> bool:
        """True where the backbone is told the boxes of its templates."""
        return getattr(self.backbone, 'box_embed', None) is not None

    def _crop(self, img: Tensor, window: CropWindow, size: int) -> Tensor:
        """(1, 3, size, size) normalised crop in the precision of the weights."""
        crop = self.data_preprocessor.normalize(crop_image(img, window, size))
        return crop.to(next(self.backbone.parameters()).dtype)

    def _locate(
        self, crop: Tensor, window: CropWindow, state: TrackerState
    ) -> Tuple[Box, List[float]]:
        """Box in image px and first three cues, from the normalised search crop of the window."""
        found = state.network(crop, state.template_token, *state.kept_tokens())
        values = found[0].tolist()  # the frame's one transfer from the device
        size = self.backbone.search_size
        box = (values[0] * size, values[1] * size, values[2] * size, values[3] * size)
        return crop_box_to_image(box, window, size), values[4:]

    def _check_mode(self) -> None:
        if any(module.training for module in self.modules()):
            raise RuntimeError(
                'the tracker, or a part of it, is in training mode, where batch norm and drop path '
                'give other boxes: call model.eval() before it tracks.'
            )

    def _report_random_weights(self) -> None:
        """Log once, as an error, which terminals show in red."""
        if self._has_random_weights:
            self._has_random_weights = False
            print_log(
                f'No checkpoint was loaded into this {type(self).__name__}, nor was it trained '
                'here: its weights are random, and so are its boxes. Give a checkpoint: '
                '--checkpoint FILE of the test script.',
                'current',
                logging.ERROR,
            )


def _image_size(img: Tensor) -> Tuple[int, int]:
    return img.shape[-1], img.shape[-2]
