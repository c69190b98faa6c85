"""Crops as affine maps: the content of a training pair, and where its target lies.

Three views make a pair: the template, a template for the temporal slot, and the search crop. A
*scene* is the plane in which a view's target lies, in any unit. A crop's pixels map to it by a
scale and a shift; layers of pixels map from the scene by further affine maps.
"""

from typing import List, NamedTuple, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

# Template, temporal template and search crop. Largest shift of the crop's centre along an axis,
# over the crop's side, and largest |log| of the factor on the side.
JITTERS = ((0.0, 0.0), (0.1, 0.12), (0.375, 0.35))
NUM_VIEWS = len(JITTERS)


class CropForm(NamedTuple):
    """Sizes of a pair's crops.

    Attributes:
        template_size, search_size: Side in px.
        template_factor, search_factor: Side over the target's mean side.
    """

    template_size: int = 64
    search_size: int = 128
    template_factor: float = 2.0
    search_factor: float = 4.0


class Crops(NamedTuple):
    """The crops of a batch of one view.

    Attributes:
        scale: (B,) scene units per crop pixel.
        shift: (B, 2) of the crop's centre off the box's centre, in scene units.
        boxes: (B, 4) the target's box in crop px, centre and size; pixel centres are integers.
        size: Side in px.
    """

    scale: Tensor
    shift: Tensor
    boxes: Tensor
    size: int


def uniform(rng: torch.Generator, shape: Sequence[int], low: float, high: float) -> Tensor:
    """Draw uniform numbers on the generator's device."""
    return torch.rand(*shape, generator=rng, device=rng.device) * (high - low) + low


def draw_crops(rng: torch.Generator, box_sizes: Tensor, form: CropForm) -> List[Crops]:
    """Draw the crops of each view around the targets of a batch.

    ``box_sizes`` are width and height of the target in each view, (B, 3, 2), in scene units. In
    half of the pairs, crops are off by at most half of what the jitter allows.
    """
    batch = len(box_sizes)
    near = uniform(rng, (batch, 1), 0, 1) < 0.5
    sizes = (form.template_size, form.template_size, form.search_size)
    factors = (form.template_factor, form.template_factor, form.search_factor)
    views = []
    for wh, size, factor, (offset, zoom) in zip(box_sizes.unbind(1), sizes, factors, JITTERS):
        side = wh.prod(dim=1).sqrt()  # (B,)
        zooms = uniform(rng, (batch,), -zoom, zoom).exp()
        most = factor * offset  # in mean sides of the target
        reach = torch.where(near, 0.5 * most, most) * side[:, None]
        shift = uniform(rng, (batch, 2), -1, 1) * reach
        scale = side * factor * zooms / size
        middle = size / 2 - shift / scale[:, None] - 0.5
        views.append(Crops(scale, shift, torch.cat((middle, wh / scale[:, None]), dim=1), size))
    return views


def crop_to_scene(crops: Crops, centres: Tensor) -> Tensor:
    """Affine maps (B, 2, 3) from crop px to the scene, where targets have ``centres`` (B, 2)."""
    corner = centres + crops.shift + crops.scale[:, None] * (0.5 - crops.size / 2)
    linear = crops.scale[:, None, None] * torch.eye(2, device=corner.device)
    return torch.cat((linear, corner[..., None]), dim=2)


def affine(linear: Tensor, at: Tensor, to: Tensor) -> Tensor:
    """Affine maps (B, 2, 3) with a linear part (B, 2, 2) that take a point (B, 2) to another."""
    moved = to - (linear @ at[..., None])[..., 0]
    return torch.cat((linear, moved[..., None]), dim=2)


def compose(outer: Tensor, inner: Tensor) -> Tensor:
    """``outer`` after ``inner``, both (B, 2, 3)."""
    return outer[..., :2] @ inner + F.pad(outer[..., 2:], (2, 0))


def sample_pixels(source: Tensor, maps: Tensor, size: int, padding: str = 'zeros') -> Tensor:
    """Sample crops (B, C, size, size) from pixels (B, C, H, W) by maps (B, 2, 3).

    The maps lead from crop px to source px; pixel centres are integers in both. ``padding`` is that
    of ``grid_sample``.
    """
    pixel = torch.arange(size, dtype=source.dtype, device=source.device)
    sides = maps.new_tensor([source.shape[-1], source.shape[-2]])
    # grid_sample's coordinates go from -1 to 1: scale and shift the maps.
    maps = maps * (2 / sides)[:, None]
    maps[..., 2] += 1 / sides - 1
    across = maps[:, None, None, :, 0] * pixel[None, None, :, None]
    down = maps[:, None, None, :, 1] * pixel[None, :, None, None] + maps[:, None, None, :, 2]
    grid = across + down  # (B, size, size, 2)
    return F.grid_sample(source, grid, padding_mode=padding, align_corners=False)


def hull_boxes(hulls: Tensor, linear: Tensor) -> Tensor:
    """Bounding boxes (B, 4), xyxy, of outlines (B, K, 2) under linear maps (B, 2, 2)."""
    points = hulls @ linear.transpose(1, 2)
    return torch.cat((points.amin(dim=1), points.amax(dim=1)), dim=1)


def random_linear(
    rng: torch.Generator, batch: int, turn: float, scale: float, stretch: float, shear: float
) -> Tensor:
    """Random linear maps (B, 2, 2): a rotation after a stretch, a shear and a scale.

    The limits are those of the rotation in radians, of the ``|log|`` of the scale and of the
    stretch of x (y shrinks by it), and of the shear of x along y.
    """
    angle, zoom, pull, lean = (
        uniform(rng, (batch,), -most, most) for most in (turn, scale, stretch, shear)
    )
    cos, sin = angle.cos(), angle.sin()
    rotation = torch.stack((cos, -sin, sin, cos), dim=1).view(batch, 2, 2)
    across, down = (zoom + pull).exp(), (zoom - pull).exp()
    zero = torch.zeros_like(lean)
    form = torch.stack((across, across * lean, zero, down), dim=1).view(batch, 2, 2)
    return rotation @ form
