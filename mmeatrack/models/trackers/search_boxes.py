"""Ground truth of a batch's search crops."""

from typing import List

import torch
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample
from torch import Tensor, nn


class SearchBoxes(nn.Module):
    """Boxes of the targets in the search crops, normalised.

    A module without parameters rather than a function: the recorders of a distillation can record
    what a module returns, so that the boxes are computed once a step.

    Args:
        search_size: Side of the search crop in px.
    """

    def __init__(self, search_size: int) -> None:
        super().__init__()
        self.search_size = search_size

    def forward(self, data_samples: List[TrackDataSample]) -> Tensor:
        """(B, 4) centre and size over the search crop's side.

        All 0 for a crop without the target: one of another video, which mmtrack's sampling labels 0
        (``train_cls_head=True``, ``cls_pos_prob``).

        Args:
            data_samples: Annotations of the batch; ``search_gt_instances.bboxes`` in crop px, xyxy.
        """
        boxes = torch.cat([sample.search_gt_instances.bboxes[:1] for sample in data_samples])
        shows_target = [_shows_target(sample.search_gt_instances) for sample in data_samples]
        cxcywh = bbox_xyxy_to_cxcywh(boxes) / self.search_size
        return cxcywh * cxcywh.new_tensor(shows_target)[:, None]


def _shows_target(instances: InstanceData) -> bool:
    return bool(instances.labels[0]) if 'labels' in instances else True
