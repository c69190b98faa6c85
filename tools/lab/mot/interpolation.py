"""Linear interpolation of tracks over the frames in which they are not reported."""

from typing import Dict, List, Sequence, Tuple

import torch
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample

_LONGEST = 20


def fill_gaps(frames: Sequence[TrackDataSample]) -> None:
    """Add the missing boxes to ``pred_track_instances``, in gaps of less than 20 frames.

    mmtrack's ``InterpolateTracklets`` drops tracks of two boxes, of which there are many where the
    detector rests; here they are kept.

    Args:
        frames: The frames of one video after the other.
    """
    last: Dict[int, Tuple[int, torch.Tensor]] = {}
    added: Dict[int, List[Tuple[int, torch.Tensor]]] = {}
    for number, sample in enumerate(frames):
        if sample.frame_id == 0:
            last = {}
        found = sample.pred_track_instances
        for key, box in zip(found.instances_id.tolist(), found.bboxes):
            begin, old = last.get(key, (number, box))
            for step in range(1, number - begin) if number - begin < _LONGEST else ():
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
