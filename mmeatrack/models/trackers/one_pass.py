"""Tracking of a video frame by frame: template, search crop, box, Target Store."""

import logging
import time
from functools import partial
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from mmengine.logging import print_log
from mmengine.structures import InstanceData
from mmtrack.models.sot.base import BaseSingleObjectTracker
from mmtrack.structures import TrackDataSample
from torch import Tensor

from mmeatrack.models.search import NetworkOfWeights
from mmeatrack.models.search.cues import mean_target_token
from mmeatrack.registry import MODELS
from mmeatrack.structures import CropWindow, check_target_box, crop_image, image_box_to_crop
from mmeatrack.structures.boxes import Box, cxcywh_to_xywh, cxcywh_to_xyxy
from mmeatrack.structures.checks import check_size, warn_of_box
from mmeatrack.structures.conventions import CONVENTIONS
from mmeatrack.structures.crops import crop_image_by
from mmeatrack.tracking import TrackerState, VideoParts, adapt, advance, begin, search_window

Located = Tuple[Box, List[float]]


class OnePassTracker(BaseSingleObjectTracker):
    """Test path of :class:`EATrack`: ``init`` on the first frame, ``track`` on each further one.

    The subclass provides ``backbone``, ``head``, ``window`` and ``test_cfg``; see :class:`EATrack`
    for the arguments.

    Attributes:
        state: State of the present video, None before the first.
        temporal_cfg: Config of the :class:`TargetStore` in use, or None.
        video_parts: Parts that every video starts with copies of.
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
        # In a tuple: as attributes, parts that are modules would be registered with their weights.
        self.video_parts = VideoParts(
            MODELS.build(dict(dict(type='mmeatrack.LostDetector'), **(lost_detector or {}))),
            None if confidence is None else MODELS.build(confidence),
        )
        self.set_temporal(temporal)
        self._networks = NetworkOfWeights()
        self._has_random_weights = True

    def set_temporal(self, temporal: Optional[dict]) -> None:
        """Switch temporal adaptation on (a :class:`TargetStore` config) or off (None).

        The config is checked now and takes effect at the next initialisation.
        """
        store = None if temporal is None else MODELS.build(temporal)
        self.video_parts = self.video_parts._replace(store=store)
        self.temporal_cfg = temporal

    def init(self, img: Tensor) -> None:
        """Start in a raw frame (1, 3, H, W) on mmtrack's ``memo.bbox`` (cxcywh, image px).

        Raises:
            ValueError: If the box is empty, not finite or outside the frame.
            RuntimeError: If the tracker is in training mode.
        """
        box = self.memo.bbox.reshape(-1).tolist()
        size = _image_size(img)
        warn_of_box(check_target_box(cxcywh_to_xywh(box), size), size)
        self.state = self.start(img, tuple(box))

    def as_image(self, frame: np.ndarray) -> Tensor:
        """Convert a frame (H, W, 3), uint8, BGR, to a raw frame (1, 3, H, W)."""
        pixels = torch.from_numpy(np.require(frame, requirements=['C', 'W']))
        return pixels.permute(2, 0, 1)[None]

    @torch.no_grad()
    def start(self, img: Tensor, box: Box) -> TrackerState:
        """Return the state of a new target in a raw frame (1, 3, H, W).

        The box, centre and size in image px, is already checked. RuntimeError in training mode.
        """
        self._check_mode()
        self._report_random_weights()
        template = self.encode_template(img, box)
        token = mean_target_token(template)
        state = begin(template, token, box, _image_size(img), self.video_parts, self.test_cfg)
        state.network = self._networks.of(self)
        if self.test_cfg['compile']:
            self._warm_up(state)
        return state

    def track(self, img: Tensor, data_samples: List[TrackDataSample]) -> List[InstanceData]:
        """Track the target in the next raw frame (1, 3, H, W); ``data_samples`` are not used.

        Returns:
            One :class:`InstanceData` with ``bboxes`` (1, 4) xyxy in image px, ``scores`` (1,),
            ``lost`` (1,) and ``network_seconds`` (1,), the time from crop to box; on the CPU.

        Raises:
            RuntimeError: If there was no first frame, or the tracker is in training mode.
            ValueError: If the size of the frame differs from the first.
        """
        if self.state is None:
            raise RuntimeError('the tracker has no target: call init on the first frame.')
        self._check_mode()
        state = self.state
        check_size(_image_size(img), state.image_size, 'the frame')
        state.frame += 1
        window = search_window(state, self.test_cfg)
        crop = self._crop(img, [window], self.backbone.search_size)
        began = time.perf_counter()
        ((box, cues),) = self._locate(crop, [window], [state])
        seconds = time.perf_counter() - began
        score, lost = advance(state, box, cues, self.test_cfg)
        adapt(state, score, partial(self.cut_template, img), self.test_cfg)

        result = InstanceData()
        result.bboxes = torch.tensor([cxcywh_to_xyxy(state.box)], dtype=torch.float32)
        result.scores = torch.tensor([score], dtype=torch.float32)
        result.lost = torch.tensor([lost])
        result.network_seconds = torch.tensor([seconds])
        return [result]

    def encode_template(self, img: Tensor, box: Box) -> Tensor:
        """Encode the template crop around a box of a frame (1, 3, H, W) to tokens (1, Nz, C)."""
        return self.cut_template(img, box)()

    @torch.no_grad()
    def cut_template(self, img: Tensor, box: Box) -> Callable[[], Tensor]:
        """Cut the template crop around a box; the returned function encodes it to (1, Nz, C)."""
        window = CropWindow.around(box, self.test_cfg['template_factor'])
        size = self.backbone.template_size
        crop = self._crop(img, [window], size)
        boxes = [crop.new_tensor([image_box_to_crop(box, window, size)])]
        return partial(self._encode, crop, *(boxes if self.reads_template_boxes else ()))

    @torch.no_grad()
    def _encode(self, crop: Tensor, *boxes: Tensor) -> Tensor:
        tokens: Tensor = self.backbone.forward_template(crop, *boxes)
        return tokens

    @property
    def reads_template_boxes(self) -> bool:
        """True if the backbone also takes the boxes of its templates."""
        return getattr(self.backbone, 'box_embed', None) is not None

    @torch.no_grad()
    def locate(
        self, img: Tensor, windows: Sequence[CropWindow], states: Sequence[TrackerState]
    ) -> List[Located]:
        """Locate targets in a raw frame (1, 3, H, W), each in its window, without changing states.

        Returns:
            Per target the predicted box, centre and size in image px, and peak, side lobe and
            agreement.
        """
        self._check_mode()
        crops = self._crop(img, windows, self.backbone.search_size)
        return self._locate(crops, windows, states)

    def _crop(self, img: Tensor, windows: Sequence[CropWindow], size: int) -> Tensor:
        """(B, 3, size, size) normalised crops in the precision of the weights."""
        compat = self.test_cfg['compat']
        cut = crop_image if compat is None else partial(crop_image_by, CONVENTIONS[compat].crop)
        each = [cut(img, window, size) for window in windows]
        crops = self.data_preprocessor.normalize(each[0] if len(each) == 1 else torch.cat(each))
        return crops.to(next(self.backbone.parameters()).dtype)

    def _locate(
        self, crops: Tensor, windows: Sequence[CropWindow], states: Sequence[TrackerState]
    ) -> List[Located]:
        kept = [state.kept_tokens() for state in states]
        # One batch for each number of kept tokens, which differs until all Target Stores are full.
        kinds = [(id(s.network), *(each.shape[1] for each in k)) for s, k in zip(states, kept)]
        found: Dict[int, Tensor] = {}
        for kind in dict.fromkeys(kinds):
            chosen = [i for i, each in enumerate(kinds) if each == kind]
            rows = states[chosen[0]].network(
                crops if len(chosen) == len(states) else crops[chosen],
                torch.cat([states[i].template_token for i in chosen]),
                *(torch.cat(each) for each in zip(*(kept[i] for i in chosen))),
            )
            found.update(zip(chosen, rows))
        # The only transfer from the device in a frame.
        values = torch.stack([found[i] for i in range(len(states))]).tolist()
        return CONVENTIONS[self.test_cfg['compat']].results_in_image(
            values, windows, self.backbone.search_size, [state.box for state in states]
        )

    def _warm_up(self, state: TrackerState) -> None:
        """Compile for each number of temporal tokens that may occur in the video."""
        size, template, store = self.backbone.search_size, state.template, state.store
        crop = template.new_zeros((1, 3, size, size))
        counts = {0 if state.temporal is None else 1}
        if store is not None and store.fusion == 'concat':
            counts |= set(range(1, min(store.num_samples, store.capacity) + 1))
        for count in sorted(counts):
            temporal = template.repeat(1, count, 1) if count else None
            kept = state.network.keep(template, temporal)
            state.network.warm_up(crop, state.template_token, *kept)

    def _check_mode(self) -> None:
        if any(module.training for module in self.modules()):
            raise RuntimeError(
                'the tracker, or a part of it, is in training mode, where batch norm and drop path '
                'give other boxes: call model.eval() before it tracks.'
            )

    def _report_random_weights(self) -> None:
        """Log random weights once, as an error, which terminals show in red."""
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
