"""In-batch distractors: targets of other videos, pasted next to the target.

Without them simple videos do not need the template: the most salient object is the target.
"""

from typing import List, Optional, Tuple

import torch
from mmtrack.structures import TrackDataSample
from torch import Tensor

# Random places tried for a distractor before the sample is left without one.
_TRIES = 8
# Steepness of a patch's edge: its weight exp(-r ** 6) is close to 1 on most of the target.
_EDGE = 6


def paste_distractors(
    templates: Tensor, search: Tensor, data_samples: List[TrackDataSample], share: float
) -> Tensor:
    """Return a copy of the search crops with targets of other samples pasted in, soft at the edges.

    Targets are pasted without resizing: template and search crops show them at the same scale if
    their sides over their crop factors agree.

    Args:
        templates: (B, T, 3, Hz, Hz) templates; distractors come from the first of each sample.
        search: (B, 1, 3, Hx, Hx) search crops.
        data_samples: Their annotations, ``gt_instances`` and ``search_gt_instances``.
        share: Share of the samples that get a distractor, from a random other sample. If 8 random
            places overlap the target, the sample is left without one.
    """
    search = search.clone()
    batch = len(data_samples)
    donors = (torch.arange(batch) + torch.randint(1, max(batch, 2), (batch,))) % batch
    for i in (torch.rand(batch) < share).nonzero().flatten().tolist():
        j = int(donors[i])
        if i == j:
            continue
        donor_box = data_samples[j].gt_instances.bboxes[0].tolist()
        target_box = data_samples[i].search_gt_instances.bboxes[0].tolist()
        place = _free_place(donor_box, target_box, search.shape[-1])
        if place is not None:
            _paste(search[i, 0], templates[j, 0], donor_box, place)
    return search


def _free_place(
    donor_xyxy: List[float], target_xyxy: List[float], size: int
) -> Optional[Tuple[int, int]]:
    """Random centre x, y in crop px at which the donor's box does not overlap the target's."""
    gap_x = (donor_xyxy[2] - donor_xyxy[0] + target_xyxy[2] - target_xyxy[0]) / 2
    gap_y = (donor_xyxy[3] - donor_xyxy[1] + target_xyxy[3] - target_xyxy[1]) / 2
    x = (target_xyxy[0] + target_xyxy[2]) / 2
    y = (target_xyxy[1] + target_xyxy[3]) / 2
    for centre_x, centre_y in torch.randint(0, size, (_TRIES, 2)).tolist():
        if abs(centre_x - x) > gap_x or abs(centre_y - y) > gap_y:
            return centre_x, centre_y
    return None


def _paste(
    crop: Tensor, template: Tensor, donor_xyxy: List[float], centre: Tuple[int, int]
) -> None:
    """Blend the donor's box of the template (3, Hz, Hz) into the crop (3, Hx, Hx), in place."""
    x1, y1, x2, y2 = donor_xyxy
    across = _edge(template.shape[-1], x1, x2, template)
    down = _edge(template.shape[-2], y1, y2, template)
    weight = down[:, None] * across[None]  # (Hz, Hz)
    left = centre[0] - round((x1 + x2) / 2)
    top = centre[1] - round((y1 + y2) / 2)
    rows, from_rows = _overlap(top, template.shape[-2], crop.shape[-2])
    columns, from_columns = _overlap(left, template.shape[-1], crop.shape[-1])
    place = crop[:, rows, columns]
    place.lerp_(template[:, from_rows, from_columns], weight[from_rows, from_columns])


def _edge(size: int, low: float, high: float, like: Tensor) -> Tensor:
    """(size,) weights along one side: 1 between ``low`` and ``high``, falling to 0 outside."""
    cells = torch.arange(size, dtype=like.dtype, device=like.device) + 0.5
    radius = (cells - (low + high) / 2).abs() / max((high - low) * 0.5, 1.0)
    return torch.exp(-(radius**_EDGE))


def _overlap(start: int, length: int, size: int) -> Tuple[slice, slice]:
    """Overlap of a patch at ``start`` with 0..size, in crop and in patch coordinates."""
    low, high = max(start, 0), max(min(start + length, size), 0)
    return slice(low, high), slice(low - start, high - start)
