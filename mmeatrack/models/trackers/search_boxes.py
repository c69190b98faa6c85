"""Ground truth of a batch's search crops."""

from typing import List, Optional

import torch
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh
from mmtrack.structures import TrackDataSample
from torch import Tensor, nn

from mmeatrack.models.transfer import send


class SearchBoxes(nn.Module):
    """Boxes of the targets in the search crops, normalised.

    A module, though without parameters: the recorders of a distillation can record what it returns,
    so that the boxes are computed once a step.

    Args:
        search_size: Side of the search crop in px.
    """

    def __init__(self, search_size: int) -> None:
        super().__init__()
        self.search_size = search_size

    def forward(
        self, data_samples: List[TrackDataSample], device: Optional[torch.device] = None
    ) -> Tensor:
        """(B, 4) float32 centre and size over the search crop's side.

        All 0 for a crop without the target: one of another video, which mmtrack's sampling labels 0
        (``train_cls_head=True``, ``cls_pos_prob``).

        Args:
            data_samples: Annotations of the batch; ``search_gt_instances.bboxes`` in crop px, xyxy.
            device: Where the boxes are needed; None leaves them where the annotations are.
        """
        instances = [sample.search_gt_instances for sample in data_samples]
        boxes = torch.stack([each.bboxes[0] for each in instances]).float()
        is_shown = torch.ones((), dtype=torch.long, device=boxes.device)
        labels = [each.labels[0] if 'labels' in each else is_shown for each in instances]
        shown = torch.stack(labels).bool()[:, None]
        cxcywh = bbox_xyxy_to_cxcywh(boxes) / self.search_size * shown
        return cxcywh if device is None else send(cxcywh, device)
