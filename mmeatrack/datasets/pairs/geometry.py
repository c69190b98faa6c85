"""Crops as affine maps: what a training pair shows, and where its target lies.

Three views make a pair: the original template, a template for the temporal slot, and the search
crop. A *scene* is the plane in which a view's target lies, in any unit. A crop's pixels map to it
by a scale and a shift; layers of pixels map from the scene by further affine maps.
"""

from typing import List, NamedTuple, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

TEMPLATE, TEMPORAL, SEARCH = range(3)
NUM_VIEWS = 3


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

    def sizes(self) -> Tuple[int, int, int]:
        """Side of each view in px."""
        return self.template_size, self.template_size, self.search_size

    def factors(self) -> Tuple[float, float, float]:
        """Side of each view over the target's mean side."""
        return self.template_factor, self.template_factor, self.search_factor


class Jitter(NamedTuple):
    """Limits to the offset and scale of a view's crop around its target.

    Attributes:
        centre: Largest shift of the crop's centre along an axis, over the crop's side.
        scale: Largest ``|log|`` of the factor on the crop's side.
    """

    centre: float
    scale: float


JITTERS: Tuple[Jitter, Jitter, Jitter] = (
    Jitter(0.0, 0.0),
    Jitter(0.1, 0.12),
    Jitter(0.375, 0.35),
)


class Crops(NamedTuple):
    """The crops of a batch of one view.

    Attributes:
        scale: (B,) scene units a crop pixel.
        shift: (B, 2) of the crop's centre off the box's centre, in scene units.
        boxes: (B, 4) the target's box in crop px, centre and size, whole numbers being pixel
            centres.
        size: Side in px.
    """

    scale: Tensor
    shift: Tensor
    boxes: Tensor
    size: int


def uniform(rng: torch.Generator, shape: Sequence[int], low: float, high: float) -> Tensor:
    """Uniform numbers on the generator's device."""
    return torch.rand(*shape, generator=rng, device=rng.device) * (high - low) + low


def draw_crops(
    rng: torch.Generator, box_sizes: Tensor, form: CropForm, jitters: Sequence[Jitter]
) -> List[Crops]:
    """Draw the crops around the targets of a batch.

    Half of the search crops are off by at most half of what the jitter allows.

    Args:
        rng: Source of the numbers.
        box_sizes: (B, 3, 2) width and height of the target in each view, in scene units.
        form: Sizes of the crops.
        jitters: One for each view.
    """
    batch = len(box_sizes)
    near = uniform(rng, (batch, 1), 0, 1) < 0.5
    views = []
    for view, (size, factor, jitter) in enumerate(zip(form.sizes(), form.factors(), jitters)):
        wh = box_sizes[:, view]
        side = wh.prod(dim=1).sqrt()  # (B,)
        zoom = uniform(rng, (batch,), -jitter.scale, jitter.scale).exp()
        centre = factor * jitter.centre  # in mean sides of the target
        reach = torch.where(near, 0.5 * centre, centre) * side[:, None]
        shift = uniform(rng, (batch, 2), -1, 1) * reach
        scale = side * factor * zoom / size
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
    linear = outer[..., :2] @ inner
    return linear + F.pad(outer[..., 2:], (2, 0))


def sample_pixels(source: Tensor, maps: Tensor, size: int, padding: str = 'zeros') -> Tensor:
    """Draw crops (B, C, size, size) from pixels.

    Args:
        source: (B, C, H, W) float.
        maps: (B, 2, 3) from crop px to source px; whole numbers are pixel centres in both.
        size: Side of the crops in px.
        padding: Beyond the source: 'zeros', 'border' or 'reflection'.
    """
    pixel = torch.arange(size, dtype=source.dtype, device=source.device)
    sides = maps.new_tensor([source.shape[-1], source.shape[-2]])
    # grid_sample counts from -1 to 1: its maps are ours, scaled and shifted.
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
    """Random linear maps (B, 2, 2): a turn after a stretch, a shear and a scale.

    Args:
        rng, batch: Source of the numbers, and how many maps.
        turn: Largest turn in radians.
        scale: Largest ``|log|`` of the scale.
        stretch: Largest ``|log|`` of the stretch of x, and of y's shrinkage.
        shear: Largest shear of x along y.
    """
    angle = uniform(rng, (batch,), -turn, turn)
    zoom = uniform(rng, (batch,), -scale, scale)
    pull = uniform(rng, (batch,), -stretch, stretch)
    lean = uniform(rng, (batch,), -shear, shear)
    cos, sin = angle.cos(), angle.sin()
    rotation = torch.stack((cos, -sin, sin, cos), dim=1).view(batch, 2, 2)
    across, down = (zoom + pull).exp(), (zoom - pull).exp()
    zero = torch.zeros_like(lean)
    form = torch.stack((across, across * lean, zero, down), dim=1).view(batch, 2, 2)
    return rotation @ form
