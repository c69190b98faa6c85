"""Ground truth, normalisers and precision of the losses."""

from typing import Callable, List, Optional, Tuple

import torch
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh
from mmdet.utils.dist_utils import reduce_mean
from mmengine.dist import get_world_size
from mmtrack.structures import TrackDataSample
from torch import Tensor, nn

from mmeatrack.models.data_preprocessors import send


class SearchBoxes(nn.Module):
    """Boxes of the targets in the search crops of ``search_size`` px a side, normalised.

    A module, though without parameters: the recorders of a distillation can record what it returns,
    so that the boxes are computed once a step.
    """

    def __init__(self, search_size: int) -> None:
        super().__init__()
        self.search_size = search_size

    def forward(
        self, data_samples: List[TrackDataSample], device: Optional[torch.device] = None
    ) -> Tensor:
        """(B, 4) float32 centre and size over the search crop's side, on a device if one is given.

        All 0 for a crop without the target: one of another video, which mmtrack's sampling labels 0
        (``train_cls_head=True``, ``cls_pos_prob``). Annotations are ``search_gt_instances.bboxes``,
        xyxy in crop px.
        """
        instances = [sample.search_gt_instances for sample in data_samples]
        boxes = torch.stack([each.bboxes[0] for each in instances]).float()
        is_shown = torch.ones((), dtype=torch.long, device=boxes.device)
        labels = [each.labels[0] if 'labels' in each else is_shown for each in instances]
        shown = torch.stack(labels).bool()[:, None]
        cxcywh = bbox_xyxy_to_cxcywh(boxes) / self.search_size * shown
        return cxcywh if device is None else send(cxcywh, device)


def shared_count(count: Tensor) -> Tensor:
    """Loss normaliser averaged over processes: a batch's counts, of any shape, at least 1 in total.

    DistributedDataParallel averages the processes' gradients. With sums over what each counts by
    itself, such as crops with a target, a crop among few would then weigh more than one among many;
    over the share, the average is the gradient of one process with the whole batch.
    """
    return reduce_mean(count.detach()).clamp(min=1 / get_world_size())


class SharedCounts(nn.Module):
    """Normalisers of a step's losses, averaged over processes by one exchange.

    They follow from the boxes alone, and so are exchanged before the forward pass. A module, though
    without parameters: the recorders of a distillation can record what it returns.

    Args:
        terms: Functions of the boxes (B, 4), as :class:`SearchBoxes` gives them, to a scalar each.
    """

    def __init__(self, *terms: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.terms = list(terms)

    def add(self, term: Callable[[Tensor], Tensor]) -> int:
        """Add a term; returns its number among the counts."""
        self.terms.append(term)
        return len(self.terms) - 1

    def forward(self, bbox_cxcywh: Tensor) -> Tuple[Tensor, ...]:
        """A normaliser for each term, see :func:`shared_count`."""
        if not self.terms:
            return ()
        counts = torch.stack([term(bbox_cxcywh).float() for term in self.terms])
        return shared_count(counts.detach()).unbind()


def full_precision(values: Tensor) -> Tensor:
    """Float32 in place of a half, whose squares and logarithms are soon infinite or 0."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
