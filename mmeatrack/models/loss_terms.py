"""Ground-truth boxes, normalisers and precision of the losses."""

from typing import Callable, List, Optional, Tuple

import torch
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh
from mmdet.utils.dist_utils import reduce_mean
from mmengine.dist import get_world_size
from mmtrack.structures import TrackDataSample
from torch import Tensor, nn

from mmeatrack.models.data_preprocessors import send


class SearchBoxes(nn.Module):
    """Targets' boxes in search crops of ``search_size`` px a side, normalised.

    A module, though without parameters, so that a distillation's recorders can record the boxes
    and they are computed once a step.
    """

    def __init__(self, search_size: int) -> None:
        super().__init__()
        self.search_size = search_size

    def forward(
        self, data_samples: List[TrackDataSample], device: Optional[torch.device] = None
    ) -> Tensor:
        """(B, 4) float32 centre and size over the search crop's side, on ``device`` if given.

        Annotations are ``search_gt_instances.bboxes``, xyxy in crop px. A crop of another video,
        which mmtrack's sampling labels 0 (``train_cls_head=True``, ``cls_pos_prob``), shows no
        target; its box is all 0.
        """
        instances = [sample.search_gt_instances for sample in data_samples]
        boxes = torch.stack([each.bboxes[0] for each in instances]).float()
        is_shown = torch.ones((), dtype=torch.long, device=boxes.device)
        labels = [each.labels[0] if 'labels' in each else is_shown for each in instances]
        shown = torch.stack(labels).bool()[:, None]
        cxcywh = bbox_xyxy_to_cxcywh(boxes) / self.search_size * shown
        return cxcywh if device is None else send(cxcywh, device)


def shared_count(count: Tensor) -> Tensor:
    """Average a count, of any shape, over processes; their sum is taken as at least 1.

    DistributedDataParallel averages gradients over processes. If each process divided its losses by
    its own count, such as its crops with a target, a crop would weigh more in a process that has
    few of them. Divided by the mean count, the average is the gradient of the whole batch in one
    process.
    """
    return reduce_mean(count.detach()).clamp(min=1 / get_world_size())


class SharedCounts(nn.Module):
    """Normalisers of a step's losses, averaged over processes in one exchange.

    They depend on the boxes alone, so that they are exchanged before the forward pass. A module,
    though without parameters, so that a distillation's recorders can record them.

    Args:
        terms: Functions of the boxes (B, 4) of :class:`SearchBoxes`, each to a scalar count.
    """

    def __init__(self, *terms: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.terms = list(terms)

    def add(self, term: Callable[[Tensor], Tensor]) -> int:
        """Add a term and return its index among the counts."""
        self.terms.append(term)
        return len(self.terms) - 1

    def forward(self, bbox_cxcywh: Tensor) -> Tuple[Tensor, ...]:
        """Return a normaliser for each term, see :func:`shared_count`."""
        if not self.terms:
            return ()
        counts = torch.stack([term(bbox_cxcywh).float() for term in self.terms])
        return shared_count(counts.detach()).unbind()


def full_precision(values: Tensor) -> Tensor:
    """Convert half precision, whose squares and logarithms soon overflow or vanish, to float32."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
