"""Compared trackers, which add tracks to the sample of a frame, and interpolation of tracks."""

from typing import Any, Dict, List, Optional, Sequence, Tuple

import torch
from mmengine.structures import InstanceData
from mmtrack.models.mot import ByteTrack
from mmtrack.structures import TrackDataSample
from mmtrack.structures.bbox import bbox_cxcyah_to_xyxy

from lab.mot.degraded_detector import DegradedDetector
from mmeatrack.models import EATrackMOT

_RETAIN = 30  # frames for which ByteTrack keeps an unseen track
_LONGEST_GAP = 20


def make_eatrack(tracker: Any, seed: int, every: int) -> EATrackMOT:
    """EATrackMOT on the degraded detections."""
    detector = dict(type='mmeatrack.DegradedDetector', seed=seed)
    model = EATrackMOT(detector, tracker, detect_every=every)
    model.eval()
    return model


class ByteTrackEveryKth:
    """mmtrack's ByteTrack on the detections of every k-th frame.

    It is called at the detector's frames only, since its rules count calls: a frame without
    detections would make it drop every unconfirmed track.

    Args:
        seed: Seed of the detector.
        every: The k.
        extrapolates: Whether to move the tracks by the Kalman filter's velocity in the frames in
            between, instead of reporting none.
    """

    def __init__(self, seed: int, every: int, extrapolates: bool) -> None:
        self.model = ByteTrack(
            tracker=dict(
                type='ByteTracker',
                obj_score_thrs=dict(high=0.6, low=0.1),
                init_track_thr=0.7,
                weight_iou_with_det_scores=True,
                match_iou_thrs=dict(high=0.1, low=0.5, tentative=0.3),
                num_frames_retain=max(_RETAIN // every, 2),
            ),
            motion=dict(type='KalmanFilter'),
        )
        self.detector = DegradedDetector(seed)
        self.every, self.extrapolates = every, extrapolates
        self.last: Optional[InstanceData] = None

    def predict(self, inputs: Any, data_samples: List[TrackDataSample]) -> List[TrackDataSample]:
        """Track one frame."""
        sample = data_samples[0]
        count, step = divmod(sample.frame_id, self.every)
        found = self._between(step) if step else self._at_detection(inputs, sample, count)
        sample.pred_track_instances = found
        return [sample]

    def _at_detection(self, inputs: Any, sample: TrackDataSample, count: int) -> InstanceData:
        call = TrackDataSample(metainfo=dict(sample.metainfo, frame_id=count))
        call.pred_det_instances = self.detector.predict(None, [sample])[0].pred_instances
        self.last = self.model.tracker.track(self.model, inputs['img'][0], None, call)
        return self.last.clone()

    def _between(self, step: int) -> InstanceData:
        assert self.last is not None
        found, tracks = self.last.clone(), self.model.tracker.tracks
        kept = [int(key) in tracks and self.extrapolates for key in found.instances_id]
        found = found[torch.tensor(kept, dtype=torch.bool)]
        means = [tracks[int(key)].mean for key in found.instances_id]
        if means:
            moved = [mean[:4] + step / self.every * mean[4:] for mean in means]
            found.bboxes = bbox_cxcyah_to_xyxy(torch.tensor(moved, dtype=torch.float32))
        return found


def fill_gaps(frames: Sequence[TrackDataSample]) -> None:
    """Interpolate the boxes of tracks in gaps of less than 20 frames, in ``pred_track_instances``.

    mmtrack's ``InterpolateTracklets`` drops tracks of two boxes, which are frequent with a detector
    that skips frames; here they are kept. ``frames`` are those of one video after the other.
    """
    last: Dict[int, Tuple[int, torch.Tensor]] = {}
    added: Dict[int, List[Tuple[int, torch.Tensor]]] = {}
    for number, sample in enumerate(frames):
        if sample.frame_id == 0:
            last = {}
        found = sample.pred_track_instances
        for key, box in zip(found.instances_id.tolist(), found.bboxes):
            begin, old = last.get(key, (number, box))
            for step in range(1, number - begin) if number - begin < _LONGEST_GAP else ():
                share = step / (number - begin)
                added.setdefault(begin + step, []).append((key, old + share * (box - old)))
            last[key] = (number, box)
    for number, rows in added.items():
        extra = InstanceData(
            bboxes=torch.stack([box for _, box in rows]),
            scores=torch.ones(len(rows)),
            labels=torch.zeros(len(rows), dtype=torch.long),
            instances_id=torch.tensor([key for key, _ in rows]),
        )
        own = frames[number].pred_track_instances
        frames[number].pred_track_instances = InstanceData.cat([own, extra])
