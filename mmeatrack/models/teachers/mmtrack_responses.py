"""Responses of mmtrack's single-object trackers to pairs of crops, and their geometry.

A response is a map of logits on a regular grid of positions in the tracker's search crop. Positions
are measured from the crop's centre, which the student's crop shares.
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
    """The student's crops of a batch, the input of a tracker.

    Attributes:
        pixels: (B, 3, H, W) BGR, 0 to 255.
        outside: (B, H, W) True outside the image.
        per_side: Crop px per mean side of the target.
    """

    pixels: Tensor
    outside: Tensor
    per_side: float


class Response(NamedTuple):
    """Response of a tracker to its search crops.

    Attributes:
        logits: (B, 1, n, n).
        stride: Distance of two positions, in px of the tracker's search crop.
        first: First position along both axes, in the same px from the crop's centre.
        per_side: The same px per mean side of the target.
    """

    logits: Tensor
    stride: float
    first: float
    per_side: float


def siamrpn_response(tracker: SiamRPN, templates: List[Crop], search: Crop) -> Response:
    """Foreground logit of a SiamRPN++'s best anchor at each position.

    The map covers the middle 3/4 of the usual search crop, which is widened until the map reaches
    the borders of the student's crop.
    """
    settings = tracker.test_cfg
    template_size, usual = int(settings.exemplar_size), int(settings.search_size)
    # The crop adds context_amount * (w + h) to the box, here a square one.
    per_side = template_size / (1 + 2 * settings.context_amount)
    stride = float(tracker.head.anchor_generator.strides[0][0])
    # The template's features, center_size along a side, are correlated within the search crop.
    usual_reach = (usual - settings.center_size * stride) / 2
    reach = search.pixels.shape[-1] * per_side / search.per_side / 2
    more = max(-(-(reach - usual_reach) // stride), 0)
    size = usual + int(2 * more * stride)
    template, _ = resample(templates[0], template_size, per_side, fill_mean=True)
    wide, _ = resample(search, size, per_side, fill_mean=True)
    features = tracker.forward_template(preprocess(tracker, template))
    scores, _ = tracker.head(features, tracker.forward_search(preprocess(tracker, wide)))
    background, foreground = scores.unflatten(1, (2, -1)).unbind(1)  # (B, anchors, n, n) each
    logits = (foreground - background).amax(dim=1, keepdim=True)
    return Response(logits, stride, -(logits.shape[-1] // 2) * stride, per_side)


def stark_response(tracker: Stark, templates: List[Crop], search: Crop) -> Response:
    """Log probability of the box's centre by a STARK's two corner maps.

    The corners are assumed to be independent: the centre's distribution is the convolution of
    theirs, on a grid of half the stride.
    """
    settings, corners = tracker.test_cfg, tracker.head.bbox_head
    sizes = (settings.template_size, settings.template_size / settings.template_factor)
    per_side = settings.search_size / settings.search_factor
    resampled = [
        resample(templates[min(index, len(templates) - 1)], *sizes)
        for index in range(tracker.num_templates)
    ]
    resampled.append(resample(search, settings.search_size, per_side))
    inputs = [
        dict(feat=tracker.extract_feat(preprocess(tracker, pixels)), mask=outside)
        for pixels, outside in resampled
    ]
    maps: List[Tensor] = []

    def keep(module: Any, given: Any, output: Tensor) -> None:
        maps.append(output)

    branches = corners.tl_corner_pred, corners.br_corner_pred
    with branches[0].register_forward_hook(keep), branches[1].register_forward_hook(keep):
        tracker.head(inputs)
    first, last = (each.float().flatten(1).softmax(dim=1).view_as(each)[:, 0] for each in maps)
    side = corners.feat_size
    kernel = last.flip(1, 2)[:, None]  # (B, 1, side, side)
    # Half precision would round the products of small probabilities to 0.
    with torch.autocast(kernel.device.type, enabled=False):
        centre = F.conv2d(first[None], kernel, padding=side - 1, groups=len(first))[0, :, None]
    # A corner at position i lies i * stride px from the crop's border.
    start = -side * corners.stride / 2
    return Response((centre + _TINY).log(), corners.stride / 2, start, per_side)


READERS: Dict[type, Callable[[Any, List[Crop], Crop], Response]] = {
    SiamRPN: siamrpn_response,
    Stark: stark_response,
}


def preprocess(tracker: Any, pixels: Tensor) -> Tensor:
    """BGR pixels (B, 3, H, W), 0 to 255, to the tracker's input, by its own preprocessor."""
    data = dict(inputs=dict(img=list(pixels[:, None])), data_samples=None)
    return tracker.data_preprocessor(data)['inputs']['img'][:, 0]


def resample(
    crop: Crop, size: int, per_side: float, fill_mean: bool = False
) -> Tuple[Tensor, Tensor]:
    """Cut a tracker's crop out of the student's, around the same centre.

    Args:
        crop: The student's crops.
        size: Side of the tracker's crop in px.
        per_side: Its px per mean side of the target.
        fill_mean: Fill what lies beyond the student's crop with its mean colour instead of black.

    Returns:
        (B, 3, size, size) pixels and (B, size, size) True outside the image or the given crop.
    """
    pixels = crop.pixels.float()
    step = crop.per_side / per_side
    offset = (torch.arange(size, device=pixels.device) + 0.5 - size / 2) * step
    grid = _square_grid(2 * offset / pixels.shape[-1], len(pixels))
    fill = pixels.mean(dim=(2, 3), keepdim=True) if fill_mean else pixels.new_zeros(())
    moved = F.grid_sample(pixels - fill, grid, align_corners=False) + fill
    inside = (~crop.outside)[:, None].float()
    shown = F.grid_sample(inside, grid, mode='nearest', align_corners=False)[:, 0]
    return moved, shown == 0


def on_grid(response: Response, cells: int, size: int, per_side: float) -> Tensor:
    """Map a response to the student's score map: logits (B, 1, cells, cells).

    Cell ``j`` stands for the targets whose centre is nearest to ``j / cells`` of the student's
    crop, of ``size`` px a side and ``per_side`` px per mean side of the target. It takes the
    highest logit within its reach; a cell that the response does not reach takes the lowest one.
    """
    logits = response.logits.float()
    sample = (torch.arange(cells * _SAMPLES, device=logits.device) + 0.5) / _SAMPLES - 0.5
    # Whole numbers are pixel centres in the student's box coordinates: half a pixel more in px.
    px = (sample * size / cells + 0.5 - size / 2) * response.per_side / per_side
    place = 2 * (px - response.first) / response.stride / (logits.shape[-1] - 1) - 1
    least = logits.amin(dim=(2, 3), keepdim=True)
    grid = _square_grid(place, len(logits))
    sampled = F.grid_sample(logits - least, grid, align_corners=True) + least
    return F.max_pool2d(sampled, _SAMPLES)


def _square_grid(place: Tensor, batch: int) -> Tensor:
    """(n,) places along both axes to the grid (batch, n, n, 2) of ``grid_sample``."""
    grid = torch.stack(torch.meshgrid(place, place, indexing='xy'), dim=-1)
    return grid.expand(batch, -1, -1, -1)
