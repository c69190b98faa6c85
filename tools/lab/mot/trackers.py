"""Trackers that are compared: each takes a frame's sample and returns it with its tracks."""

from typing import Any, List, Optional

import torch
from mmengine.structures import InstanceData
from mmtrack.models.mot import ByteTrack
from mmtrack.structures import TrackDataSample
from mmtrack.structures.bbox import bbox_cxcyah_to_xyxy

from mmeatrack.models import EATrackMOT
from tools.lab.mot.degraded_detector import DegradedDetector

_RETAIN = 30  # frames for which ByteTrack keeps a track that is not seen


def make_eatrack(tracker: Any, seed: int, every: int, **kwargs: Any) -> EATrackMOT:
    """EATrackMOT on the degraded detections."""
    detector = dict(type='mmeatrack.DegradedDetector', seed=seed)
    model = EATrackMOT(detector, tracker, detect_every=every, **kwargs)
    model.eval()
    return model


class ByteTrackEveryKth:
    """mmtrack's ByteTrack on the detections of every k-th frame.

    It is called at the detector's frames only, as its rules count calls: at a frame without
    detections it would drop each track that is not confirmed yet.

    Args:
        seed: Seed of the detector.
        every: The k.
        goes_on: Whether, in the frames between, the tracks go on by the Kalman filter's velocity;
            otherwise none is reported there.
    """

    def __init__(self, seed: int, every: int, goes_on: bool) -> None:
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
        self.every, self.goes_on = every, goes_on
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
        kept = [int(key) in tracks and self.goes_on for key in found.instances_id]
        found = found[torch.tensor(kept, dtype=torch.bool)]
        means = [tracks[int(key)].mean for key in found.instances_id]
        if means:
            moved = [mean[:4] + step / self.every * mean[4:] for mean in means]
            found.bboxes = bbox_cxcyah_to_xyxy(torch.tensor(moved, dtype=torch.float32))
        return found
