"""Responses of mmtrack's single-object trackers to pairs of crops, and their geometry.

A response is a map of logits whose positions lie on a regular grid in the tracker's search crop.
Positions are counted from the crop's centre, which is the same place in everybody's crop.
"""

from typing import Any, Callable, Dict, List, NamedTuple, Tuple

import torch
import torch.nn.functional as F
from mmtrack.models.sot import SiamRPN, Stark
from torch import Tensor

# Samples of the response along a side of a cell of the student's score map.
_SAMPLES = 4
_TINY = 1e-12


class Crop(NamedTuple):
    """Crops of a batch on the way to a tracker.

    Attributes:
        pixels: (B, 3, H, W) BGR, 0 to 255.
        outside: (B, H, W) True outside the image.
        per_side: Crop px over the target's mean side.
    """

    pixels: Tensor
    outside: Tensor
    per_side: float


class Response(NamedTuple):
    """Response of a tracker to its search crops.

    Attributes:
        logits: (B, 1, n, n).
        stride: Px of its search crop between two positions.
        first: Px of the first position from the crop's centre, along both axes.
        per_side: Px of its search crop over the target's mean side.
    """

    logits: Tensor
    stride: float
    first: float
    per_side: float


def siamrpn_response(tracker: SiamRPN, templates: List[Crop], search: Crop) -> Response:
    """Foreground logits of a SiamRPN++, of the best anchor at each position.

    Its map covers 3/4 of its usual search crop, the middle. The crop is widened so far that the map
    reaches the borders of the student's.
    """
    settings = tracker.test_cfg
    template_size, usual = int(settings.exemplar_size), int(settings.search_size)
    # A crop has context_amount times w + h around the box; this is for a square one.
    per_side = template_size / (1 + 2 * settings.context_amount)
    stride = float(tracker.head.anchor_generator.strides[0][0])
    # The template's features, center_size of them along a side, move within the search crop.
    usual_reach = (usual - settings.center_size * stride) / 2
    reach = search.pixels.shape[-1] * per_side / search.per_side / 2
    more = max(-(-(reach - usual_reach) // stride), 0)
    size = usual + int(2 * more * stride)
    template, _ = resample(templates[0], template_size, per_side, fill_mean=True)
    wide, _ = resample(search, size, per_side, fill_mean=True)
    features = tracker.forward_template(normalize(tracker, template))
    scores, _ = tracker.head(features, tracker.forward_search(normalize(tracker, wide)))
    background, foreground = scores.unflatten(1, (2, -1)).unbind(1)  # (B, anchors, n, n) each
    logits = (foreground - background).amax(dim=1, keepdim=True)
    return Response(logits, stride, -(logits.shape[-1] // 2) * stride, per_side)


def stark_response(tracker: Stark, templates: List[Crop], search: Crop) -> Response:
    """Log probability of the box's centre of a STARK, from those of its two corners.

    Corners are taken for independent, so that the centre's distribution is the convolution of
    theirs on a grid of half the stride.
    """
    settings, corners = tracker.test_cfg, tracker.head.bbox_head
    sizes = (settings.template_size, settings.template_size / settings.template_factor)
    inputs = []
    for index in range(tracker.num_templates):
        crop = templates[min(index, len(templates) - 1)]
        pixels, outside = resample(crop, *sizes)
        inputs.append(dict(feat=tracker.extract_feat(normalize(tracker, pixels)), mask=outside))
    per_side = settings.search_size / settings.search_factor
    pixels, outside = resample(search, settings.search_size, per_side)
    inputs.append(dict(feat=tracker.extract_feat(normalize(tracker, pixels)), mask=outside))
    maps: List[Tensor] = []
    handles = [
        branch.register_forward_hook(lambda module, given, output: maps.append(output))
        for branch in (corners.tl_corner_pred, corners.br_corner_pred)
    ]
    try:
        tracker.head(inputs)
    finally:
        for handle in handles:
            handle.remove()
    first, last = (each.float().flatten(1).softmax(dim=1).view_as(each)[:, 0] for each in maps)
    side = corners.feat_size
    kernel = last.flip(1, 2)[:, None]  # (B, 1, side, side)
    # Products of small probabilities, which half precision would round to 0.
    with torch.autocast(kernel.device.type, enabled=False):
        centre = F.conv2d(first[None], kernel, padding=side - 1, groups=len(first))[0, :, None]
    # A corner at position i lies i * stride px from the crop's border.
    begin = -side * corners.stride / 2
    return Response((centre + _TINY).log(), corners.stride / 2, begin, per_side)


READERS: Dict[type, Callable[[Any, List[Crop], Crop], Response]] = {
    SiamRPN: siamrpn_response,
    Stark: stark_response,
}


def normalize(tracker: Any, pixels: Tensor) -> Tensor:
    """BGR pixels (B, 3, H, W) to the tracker's input."""
    preprocessor = tracker.data_preprocessor
    if preprocessor.channel_conversion:
        pixels = pixels[:, [2, 1, 0]]
    if preprocessor._enable_normalize:
        pixels = (pixels - preprocessor.mean) / preprocessor.std
    return pixels


def resample(
    crop: Crop, size: int, per_side: float, fill_mean: bool = False
) -> Tuple[Tensor, Tensor]:
    """Cut a tracker's crop out of the student's, around the same centre.

    Args:
        crop: The student's crops.
        size: Side of the tracker's in px.
        per_side: Its px over the target's mean side.
        fill_mean: Whether places beyond the student's crop have its mean colour, or are black.

    Returns:
        (B, 3, size, size) pixels and (B, size, size) True outside the image or the given crop.
    """
    pixels = crop.pixels.float()
    step = crop.per_side / per_side
    offset = (torch.arange(size, device=pixels.device) + 0.5 - size / 2) * step
    place = 2 * offset / pixels.shape[-1]
    rows, columns = place[:, None].expand(size, size), place[None].expand(size, size)
    grid = torch.stack((columns, rows), dim=-1).expand(len(pixels), -1, -1, -1)
    fill = pixels.mean(dim=(2, 3), keepdim=True) if fill_mean else pixels.new_zeros(())
    moved = F.grid_sample(pixels - fill, grid, align_corners=False) + fill
    inside = (~crop.outside)[:, None].float()
    shown = F.grid_sample(inside, grid, mode='nearest', align_corners=False)[:, 0]
    return moved, shown == 0


def on_grid(response: Response, cells: int, size: int, per_side: float) -> Tensor:
    """Bring a response to the student's score map: logits (B, 1, cells, cells).

    The student's cell ``j`` stands for targets whose centre is nearest to ``j / cells`` of its
    crop. It gets the highest of the response in its reach; a cell that the response does not reach
    gets its lowest. The student's crop has ``size`` px a side, ``per_side`` over the target's mean
    side.
    """
    logits = response.logits.float()
    cell = size / cells
    sample = (torch.arange(cells * _SAMPLES, device=logits.device) + 0.5) / _SAMPLES - 0.5
    # Whole numbers are pixel centres in the student's box coordinates: half a pixel more in px.
    px = (sample * cell + 0.5 - size / 2) * response.per_side / per_side
    place = (px - response.first) / response.stride
    place = 2 * place / (logits.shape[-1] - 1) - 1
    count = len(place)
    grid = torch.stack((place[None].expand(count, count), place[:, None].expand(count, count)), -1)
    least = logits.amin(dim=(2, 3), keepdim=True)
    grid = grid.expand(len(logits), -1, -1, -1)
    sampled = F.grid_sample(logits - least, grid, align_corners=True) + least
    return F.max_pool2d(sampled, _SAMPLES)
