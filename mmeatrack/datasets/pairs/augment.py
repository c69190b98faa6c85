"""Light, lens and sensor of training pairs, on whole batches."""

import math
from typing import List, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .geometry import uniform

_KERNEL = 9
# Sides of coarse pictures, over those of the crops.
_COARSE = (0.3, 0.4, 0.5, 0.6, 0.7, 0.85)


class Augmentation(NamedTuple):
    """Probabilities and strengths.

    Attributes:
        grey: Share of pairs without colour.
        tint: Largest change of a channel's gain, the same in all views.
        light: Standard deviation of a view's log gain and log contrast.
        haze: Share of pairs behind haze, which takes up to 0.7 of their contrast.
        blur: Share of search crops blurred by motion or defocus.
        coarse: Share of pairs at a coarse resolution, as of distant targets.
        noise: Largest standard deviation of the sensor's noise.
        edge: Share of search crops with the image's black border next to the target.
    """

    grey: float = 0.1
    tint: float = 0.12
    light: float = 0.15
    haze: float = 0.2
    blur: float = 0.4
    coarse: float = 0.35
    noise: float = 6.0
    edge: float = 0.12


def augment(
    views: List[Tensor], search_boxes: Tensor, rng: torch.Generator, how: Augmentation
) -> List[Tensor]:
    """Change light, sharpness and noise of the views of pairs, (B, 3, S, S) each, in place.

    ``search_boxes`` (B, 4) are centre and size in px of the last view.
    """
    number, search = len(search_boxes), views[-1]

    def chosen(share: float) -> Tensor:
        return uniform(rng, (number,), 0, 1) < share

    level = torch.randint(len(_COARSE), (number,), generator=rng, device=rng.device)
    coarse = chosen(how.coarse)
    for each, keep in enumerate(_COARSE):
        rows = (coarse & (level == each)).nonzero().flatten()
        if len(rows):
            for crop in views:
                crop[rows] = _coarsen(crop[rows], keep)
    blurred = chosen(how.blur)
    if blurred.any():
        search[blurred] = _blur(search[blurred], rng)
    temporal = blurred & chosen(0.5)
    if temporal.any():
        views[1][temporal] = _blur(views[1][temporal], rng)

    tint = 1 + uniform(rng, (number, 3, 1, 1), -how.tint, how.tint)
    haze = torch.where(chosen(how.haze), uniform(rng, (number,), 0, 0.7), torch.zeros(1).to(tint))
    air = uniform(rng, (number, 1, 1, 1), 60, 220)
    grey = chosen(how.grey)
    for view, crop in enumerate(views):
        crop = torch.where(grey[:, None, None, None], crop.mean(dim=1, keepdim=True), crop) * tint
        crop = _relight(crop, rng, how.light)
        crop = torch.lerp(crop, air, haze[:, None, None, None])
        sigma = uniform(rng, (number, 1, 1, 1), 0, 1) ** 2 * how.noise
        crop = crop + sigma * torch.randn(crop.shape, generator=rng, device=crop.device)
        views[view] = crop.clamp(0, 255)
    views[-1] = _cut_edge(views[-1], search_boxes, chosen(how.edge), rng)
    return views


def _relight(crop: Tensor, rng: torch.Generator, strength: float) -> Tensor:
    draw = torch.randn((2, len(crop), 1, 1, 1), generator=rng, device=crop.device) * strength
    gain, contrast = draw.exp()
    mean = crop.mean(dim=(1, 2, 3), keepdim=True)
    return ((crop - mean) * contrast + mean) * gain


def _coarsen(crops: Tensor, keep: float) -> Tensor:
    size = crops.shape[-1]
    small = F.interpolate(crops, size=max(int(size * keep), 8), mode='bilinear', antialias=True)
    return F.interpolate(small, size=size, mode='bilinear', align_corners=False)


def _blur(crops: Tensor, rng: torch.Generator) -> Tensor:
    """Blur each of (B, 3, S, S) by its own kernel: a line, or a Gaussian."""
    number, channels = crops.shape[:2]
    length = uniform(rng, (number, 1, 1), 1.0, 7.0)
    angle = uniform(rng, (number, 1, 1), 0, math.pi)
    width = uniform(rng, (number, 1, 1), 0.3, 0.7)
    is_gaussian = uniform(rng, (number, 1, 1), 0, 1) < 0.4
    offset = torch.arange(_KERNEL, device=crops.device, dtype=crops.dtype) - _KERNEL // 2
    y, x = offset[:, None], offset[None]
    along = x * angle.cos() + y * angle.sin()
    across = y * angle.cos() - x * angle.sin()
    line = torch.sigmoid(3 * (length / 2 + 0.3 - along.abs()))
    line = line * (-0.5 * (across / width) ** 2).exp()
    gauss = (-0.5 * (x**2 + y**2) / (2 * width) ** 2).exp()
    kernels = torch.where(is_gaussian, gauss, line)
    kernels = kernels / kernels.sum(dim=(1, 2), keepdim=True)
    weight = kernels[:, None].repeat_interleave(channels, dim=0)  # (B * 3, 1, k, k)
    padded = F.pad(crops, (_KERNEL // 2,) * 4, mode='replicate')
    mixed = F.conv2d(padded.flatten(0, 1)[None], weight, groups=number * channels)
    return mixed[0].unflatten(0, (number, channels))


def _cut_edge(search: Tensor, boxes: Tensor, rows: Tensor, rng: torch.Generator) -> Tensor:
    """Blacken ``rows`` beyond a random line next to the target, as beyond an image's border."""
    size = search.shape[-1]
    across, high, share = torch.rand((3, len(search)), generator=rng, device=search.device)
    across, high = across < 0.5, high < 0.5
    centre = torch.where(across, boxes[:, 0], boxes[:, 1])
    extent = torch.where(across, boxes[:, 2], boxes[:, 3])
    low = (centre - extent / 2) * share
    top = size - (size - centre - extent / 2) * share
    pixel = torch.arange(size, device=search.device)
    beyond = torch.where(high[:, None], pixel >= top[:, None].floor(), pixel < low[:, None].floor())
    beyond = beyond & rows[:, None]  # (B, size), of x or of y
    beyond_x, beyond_y = beyond & across[:, None], beyond & ~across[:, None]
    return search.masked_fill((beyond_x[:, None] | beyond_y[:, :, None])[:, None], 0)
