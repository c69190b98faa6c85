"""Multi-object tracker: EATrack between runs of a detector."""

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from mmtrack.models.mot import BaseMultiObjectTracker
from mmtrack.structures import TrackDataSample
from torch import Tensor

from mmeatrack.compat.config_paths import find_path
from mmeatrack.conversion import read_published
from mmeatrack.models.mot.association import Association, AssociationRules, Detections, pairwise_iou
from mmeatrack.multi import MultiTracker, Track, TrackRules
from mmeatrack.registry import MODELS
from mmeatrack.structures.boxes import Box, xywh_to_cxcywh
from mmeatrack.structures.checks import check_counts, check_shares


class Carrier(MultiTracker):
    """:class:`MultiTracker` with corrected boxes."""

    def move(self, id: int, box_xywh: Box) -> None:
        """Replace the box of this frame by x, y, w, h (image px); template and score stay."""
        target = self._targets[id]
        target.state.box = target.state.sure_box = xywh_to_cxcywh(box_xywh)
        target.alone_box = target.state.box


_RULES = dict(sweep=0, unsure_for=None, remove_after=None, crossing_frames=2, crossing_overlap=0.4)


@MODELS.register_module()
class EATrackMOT(BaseMultiObjectTracker):
    """Targets that a detector starts and corrects, and EATrack tracks in between.

    All targets of a frame go through EATrack in one batch, see :class:`mmeatrack.MultiTracker`.
    Targets are also tracked in frames without the detector and where the detector misses them.
    Frames are raw: the detector resizes and normalises its own input.

    Args:
        detector: Config of an mmdet detector with its ``data_preprocessor``.
        tracker: Config of an :class:`EATrack`, or the file of a published one (``.safetensors``).
        detect_every: The detector runs in frame 0, k, 2k, ...
        detector_size: Width and height within which a frame is resized for the detector, keeping
            its aspect ratio; None for the original size.
        association: Arguments of :class:`AssociationRules`.
        rules: Arguments of :class:`mmeatrack.multi.TrackRules`. By default only the detector finds
            and removes targets, without sweeps, ``unsure_for`` and ``remove_after``, and the weaker
            of two tracks on one object falls back after two frames.
        correction: Share of a matched detection in the corrected box, 0 to 1.
        redraw_below: IoU of a track with its detection below which the target gets a new template
            from the detection.
        data_preprocessor: Config of a preprocessor that leaves frames raw; by default MMEngine's.
        init_cfg: mmengine's initialisation config.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(
        self,
        detector: dict,
        tracker: Union[dict, str],
        detect_every: int = 1,
        detector_size: Optional[Tuple[int, int]] = None,
        association: Optional[dict] = None,
        rules: Optional[dict] = None,
        correction: float = 0.8,
        redraw_below: float = 0.7,
        data_preprocessor: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        check_counts(detect_every=detect_every)
        check_shares(correction=correction, redraw_below=redraw_below)
        self.detector = MODELS.build(detector)
        self.tracker = _published(tracker) if isinstance(tracker, str) else MODELS.build(tracker)
        self.detect_every, self.detector_size = detect_every, detector_size
        self.correction, self.redraw_below = correction, redraw_below
        self._association_rules = AssociationRules(**(association or {}))
        self._track_rules = TrackRules(**{**_RULES, **(rules or {})})
        self._begin()

    def _begin(self) -> None:
        self._carrier = Carrier(self.tracker, self._track_rules)
        self._association = Association(self._association_rules)

    def loss(self, inputs: Any, data_samples: Any, **kwargs: Any) -> dict:
        """Raise NotImplementedError: detector and EATrack are trained separately."""
        raise NotImplementedError(
            'EATrackMOT is not trained as a whole: train the detector by mmdet and EATrack by its '
            'configs.'
        )

    def predict(
        self, inputs: Dict[str, Any], data_samples: List[TrackDataSample], **kwargs: Any
    ) -> List[TrackDataSample]:
        """Track one frame.

        Args:
            inputs: ``img``: one frame (1, 3, H, W), 0 to 255, BGR, in a batch of one.
            data_samples: Its sample with ``frame_id``; frame 0 starts a video.

        Returns:
            The sample with ``pred_track_instances``: ``bboxes`` (N, 4) x1, y1, x2, y2 in image px,
            ``scores``, ``labels`` and ``instances_id`` (N,); with ``pred_det_instances`` if the
            detector ran.

        Raises:
            ValueError: If there is more than one frame.
        """
        if len(data_samples) != 1 or len(inputs['img'][0]) != 1:
            raise ValueError('EATrackMOT takes one frame at a time: set batch_size=1.')
        img, sample = inputs['img'][0], data_samples[0]
        frame = int(sample.frame_id)
        if frame == 0:
            self._begin()
        image = np.ascontiguousarray(img[0].permute(1, 2, 0).to('cpu', torch.uint8).numpy())
        tracks = {track.id: track for track in self._carrier.track(image)}
        self._association.keep(self._carrier.ids)
        boxes = {key: _corners(track.box_xywh) for key, track in tracks.items()}
        if frame % self.detect_every == 0:
            found = self._detect(img, sample)
            sample.pred_det_instances = found
            arrays = found.numpy()
            detections = Detections(arrays.bboxes, arrays.scores, arrays.labels)
            boxes.update(self._take_in(image, tracks, detections, frame))
        sample.pred_track_instances = self._report(tracks, boxes, frame, img.device)
        return [sample]

    def _detect(self, img: Tensor, sample: TrackDataSample) -> InstanceData:
        """Detections in image px without those of NaN, which a detector in float16 may give."""
        height, width = img.shape[-2:]
        scale = 1.0
        if self.detector_size is not None:
            scale = min(self.detector_size[0] / width, self.detector_size[1] / height)
            size = (round(height * scale), round(width * scale))
            img = F.interpolate(img.float(), size, mode='bilinear', align_corners=False)
        factors = (img.shape[-1] / width, img.shape[-2] / height)
        shapes = dict(ori_shape=(height, width), img_shape=img.shape[-2:], scale_factor=factors)
        metainfo = {**sample.metainfo, **shapes}
        data = dict(inputs=[img[0]], data_samples=[DetDataSample(metainfo=metainfo)])
        found: InstanceData = self.detector.test_step(data)[0].pred_instances
        is_finite = found.bboxes.isfinite().all(dim=1) & found.scores.isfinite()
        return found[is_finite]

    def _take_in(
        self, image: np.ndarray, tracks: Dict[int, Track], found: Detections, frame: int
    ) -> Dict[int, List[float]]:
        """Correct, start and remove targets by detections; return the changed boxes."""
        lost = {key for key, track in tracks.items() if track.lost}
        supposed = {
            key: _corners(track.status.box_xywh if track.lost else track.box_xywh)
            for key, track in tracks.items()
        }
        outcome = self._association.update(supposed, lost, found, frame)
        for key in outcome.removed:
            self._carrier.remove(key)
        changed = {}
        for key, index in outcome.matches.items():
            changed[key] = self._correct(image, tracks[key], found.boxes[index])
        for index in outcome.births:
            box = _clipped(found.boxes[index], image)
            if box is not None:
                key = self._carrier.add(image, _sides(box))
                self._association.begin(key, int(found.labels[index]), frame, frame == 0)
                changed[key] = box
        return changed

    def _correct(self, image: np.ndarray, track: Track, detected: np.ndarray) -> List[float]:
        """Move a target towards its detection and return its new box."""
        box = _clipped(detected, image)
        own = _corners(track.box_xywh)
        if box is None:
            return own
        if track.lost or pairwise_iou([own], [box])[0, 0] < self.redraw_below:
            self._carrier.refresh_template(image, _sides(box), track.id)
            return box
        share = self.correction
        mixed = [share * new + (1 - share) * old for new, old in zip(box, own)]
        self._carrier.move(track.id, _sides(mixed))
        return mixed

    def _report(
        self,
        tracks: Dict[int, Track],
        boxes: Dict[int, List[float]],
        frame: int,
        device: torch.device,
    ) -> InstanceData:
        records = self._association.records
        # A lost target is reported only if it was detected in this frame.
        keys = [
            key
            for key in self._carrier.ids
            if self._association.is_reported(key)
            and (records[key].seen == frame or not tracks[key].lost)
        ]
        scores = [tracks[key].score if key in tracks else 1.0 for key in keys]
        found = InstanceData()
        found.bboxes = torch.tensor([boxes[key] for key in keys], device=device).reshape(-1, 4)
        found.scores = torch.tensor(scores, device=device)
        found.labels = torch.tensor([records[key].label for key in keys], device=device).long()
        found.instances_id = torch.tensor(keys, device=device).long()
        return found


def _published(path: str) -> Any:
    """Published tracker with its weights, which ``init_weights`` does not draw again."""
    published = read_published(find_path(path))
    tracker = MODELS.build(published.model)
    tracker.load_state_dict(published.state_dict)
    tracker.is_init = True
    return tracker


def _corners(box_xywh: Sequence[float]) -> List[float]:
    x, y, w, h = box_xywh
    return [x, y, x + w, y + h]


def _sides(box: Sequence[float]) -> Tuple[float, float, float, float]:
    x1, y1, x2, y2 = box
    return (x1, y1, x2 - x1, y2 - y1)


def _clipped(box: np.ndarray, image: np.ndarray) -> Optional[List[float]]:
    """Clip a box to the image; None if less than a pixel of a side is left."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = np.clip(box, 0, (width, height, width, height)).tolist()
    return [x1, y1, x2, y2] if min(x2 - x1, y2 - y1) >= 1 else None
