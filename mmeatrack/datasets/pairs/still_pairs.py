"""Training pairs made from photographs and cut-outs."""

from typing import Any, Dict, List, NamedTuple, Optional

import torch
import torch.nn.functional as F
from torch import Tensor

from mmeatrack.registry import DATASETS

from .augment import Augmentation, augment
from .base import PairBatch, PairSet, as_batch
from .cutouts import CANVAS, MEAN_SIDE, Cutouts, CutoutStore
from .geometry import (
    JITTERS,
    NUM_VIEWS,
    SEARCH,
    CropForm,
    Crops,
    affine,
    compose,
    crop_to_scene,
    draw_crops,
    hull_boxes,
    random_linear,
    sample_pixels,
    uniform,
)
from .photos import PhotoStore


class Change(NamedTuple):
    """Amount of change of a target between views; see :func:`random_linear`.

    Attributes:
        turn, scale, stretch, shear: Of the target.
        camera: Largest turn in radians and ``|log|`` of the zoom of the camera.
        move: Largest shift of the background, in mean sides of the target.
    """

    turn: float = 0.35
    scale: float = 0.2
    stretch: float = 0.12
    shear: float = 0.12
    camera: float = 0.15
    move: float = 2.0


class _Targets(NamedTuple):
    """Targets of a batch: things, their pictures in each view, and which are not pasted."""

    things: List[int]
    poses: List[Cutouts]
    regions: Tensor


@DATASETS.register_module()
class StillPairs(PairSet):
    """Two templates and a search crop of one object, made from still images.

    The object is a cut-out, a cut-out's outline filled from a photograph, or a region of the
    photograph itself. It moves, turns, scales, stretches and changes its pose and light between
    the views, on a background that moves otherwise, among others of its kind. COCO's still pairs
    do the same job in the family's recipes.

    Everything is tensors: photographs are packed once in memory, crops are cut by grid sampling,
    and a batch is made in one call on the device of the training.

    Args:
        photo_root: Folder of photographs.
        cutout_root: Folder of cut-outs, see :class:`CutoutStore`.
        crops: Sizes of the crops, see :class:`CropForm`.
        regions: Share of pairs whose target is a region of the photograph.
        filled: Share of the pasted targets whose outline is filled from another photograph.
        distractors: Others in a search crop at most.
        change: How much targets change, see :class:`Change`.
        augmentation: Light, blur and noise, see :class:`Augmentation`.
        kwargs: Of :class:`PairSet`.

    Raises:
        FileNotFoundError: If a folder holds no image.
        ValueError: If too few images can be used, or an argument is out of range.
    """

    def __init__(
        self,
        photo_root: str,
        cutout_root: str,
        crops: Optional[Dict[str, Any]] = None,
        regions: float = 0.3,
        filled: float = 0.3,
        distractors: int = 3,
        change: Optional[Dict[str, float]] = None,
        augmentation: Optional[Dict[str, float]] = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (('regions', regions), ('filled', filled)):
            if not 0 <= value <= 1:
                raise ValueError(f'{name}={value} must lie between 0 and 1.')
        if distractors < 0:
            raise ValueError(f'distractors={distractors} must be at least 0.')
        self.form = CropForm(**(crops or {}))
        self.change = Change(**(change or {}))
        self.augmentation = Augmentation(**(augmentation or {}))
        self.regions, self.filled, self.distractors = regions, filled, distractors
        self.photos = PhotoStore(photo_root, device=self.device)
        self.cutouts = CutoutStore(cutout_root, device=self.device)

    def make_batch(self, size: int, rng: torch.Generator) -> PairBatch:
        """Make a batch; see :meth:`PairSet.make_batch`."""
        targets = self._draw_targets(size, rng)
        shapes = self._draw_shapes(size, rng, targets.regions)
        boxes = torch.stack(
            [hull_boxes(pose.hulls, shape) for pose, shape in zip(targets.poses, shapes)], dim=1
        )  # (B, 3, 4), in scene units, from the target's origin
        views = draw_crops(rng, boxes[..., 2:] - boxes[..., :2], self.form, JITTERS)
        photo = self.photos.windows(size, rng)
        anchor = _striking_places(photo, rng)
        density = uniform(rng, (size, 1, 1), 18, 38)  # photo px a scene unit
        crops = []
        for view, (crop, shape) in enumerate(zip(views, shapes)):
            middle = (boxes[:, view, :2] + boxes[:, view, 2:]) / 2
            to_scene = crop_to_scene(crop, middle)
            ground = self._ground(rng, anchor, density, shape, targets.regions)
            pixels = sample_pixels(photo, compose(ground, to_scene), crop.size, 'reflection')
            count = self.distractors if view == SEARCH else min(self.distractors, 1)
            for _ in range(count):
                pixels = self._paste_other(pixels, rng, targets.things, crop, to_scene)
            layer = _sample_canvas(targets.poses[view].pixels, shape, to_scene, crop.size)
            crops.append(_blend(pixels, layer, (~targets.regions).to(pixels.dtype)))
        return augment(as_batch(crops, [crop.boxes for crop in views]), rng, self.augmentation)

    def _draw_targets(self, size: int, rng: torch.Generator) -> _Targets:
        things = self.cutouts.draw_things(size, rng)
        regions = uniform(rng, (size,), 0, 1) < self.regions
        filled = (uniform(rng, (size,), 0, 1) < self.filled) & ~regions
        first = self.cutouts.poses(things, rng)
        texture = self.photos.windows(size, rng)[..., :CANVAS, :CANVAS]
        poses = []
        for _ in range(NUM_VIEWS):
            pose = self.cutouts.poses(things, rng)
            # A region is a rectangle; it has no poses.
            hulls = torch.where(regions[:, None, None], _as_rectangle(first.hulls), pose.hulls)
            colours = torch.where(filled[:, None, None, None], texture, pose.pixels[:, :3])
            poses.append(Cutouts(torch.cat((colours, pose.pixels[:, 3:]), dim=1), hulls))
        return _Targets(things, poses, regions)

    def _draw_shapes(self, size: int, rng: torch.Generator, regions: Tensor) -> List[Tensor]:
        """Linear maps (B, 2, 2) from canvas px to scene units, for each view."""
        base = random_linear(rng, size, 0.25, 0.0, 0.3, 0.15) / MEAN_SIDE
        # Upright things, as people are, are more often tall than wide.
        tall = uniform(rng, (size, 1), 0, 0.45).exp()
        base = base * torch.cat((1 / tall, tall), dim=1)[..., None]
        flip = torch.where(uniform(rng, (size,), 0, 1) < 0.5, -1.0, 1.0)
        base = base * torch.stack((flip, torch.ones_like(flip)), dim=1)[:, None]
        # A turned rectangle has another bounding box, which nothing in it shows: regions hardly do.
        upright = random_linear(rng, size, 0.0, 0.0, 0.5, 0.0) / MEAN_SIDE
        how, attached = self.change, regions[:, None, None]
        shapes = []
        for _ in range(NUM_VIEWS):
            pasted = random_linear(rng, size, how.turn, how.scale, how.stretch, how.shear) @ base
            still = random_linear(rng, size, 0.06, how.scale, how.stretch, 0.03) @ upright
            shapes.append(torch.where(attached, still, pasted))
        return shapes

    def _ground(
        self, rng: torch.Generator, anchor: Tensor, density: Tensor, shape: Tensor, regions: Tensor
    ) -> Tensor:
        """Maps (B, 2, 3) from the scene to the photograph."""
        size, how = len(anchor), self.change
        turn = random_linear(rng, size, how.camera, how.camera, 0.05, 0.05)
        shift = uniform(rng, (size, 2), -how.move, how.move) * density[:, 0]
        zero = torch.zeros_like(anchor)
        moving = affine(turn * density, zero, anchor + shift)
        # A region of the photograph moves, turns and stretches with all that is around it.
        attached = affine(torch.linalg.inv(shape) / MEAN_SIDE * density, zero, anchor)
        return torch.where(regions[:, None, None], attached, moving)

    def _paste_other(
        self, pixels: Tensor, rng: torch.Generator, things: List[int], crop: Crops, to_scene: Tensor
    ) -> Tensor:
        """Paste another thing beside each target: of its kind, in other colours."""
        size = len(pixels)
        other = self.cutouts.poses(self.cutouts.draw_relatives(things, rng), rng)
        shape = random_linear(rng, size, 0.5, 0.4, 0.4, 0.2) / MEAN_SIDE
        wh = crop.boxes[:, 2:] * crop.scale[:, None]
        extent = hull_boxes(other.hulls, shape)
        reach = (wh + extent[:, 2:] - extent[:, :2]) / 2
        angle = uniform(rng, (size, 1), 0, 6.2832)
        way = torch.cat((angle.cos(), angle.sin()), dim=1)
        # Beyond the target's box, overlapping it by a tenth at most.
        touching = (reach / way.abs().clamp(min=1e-3)).amin(dim=1, keepdim=True)
        middle = to_scene[..., 2] + crop.scale[:, None] * (crop.size / 2 - 0.5)
        centre = middle - crop.shift
        at = centre + way * touching * uniform(rng, (size, 1), 0.9, 2.2)
        canvas = _recolour(other.pixels, rng)
        moved = torch.cat((to_scene[..., :2], to_scene[..., 2:] - at[..., None]), dim=2)
        layer = _sample_canvas(canvas, shape, moved, crop.size)
        shown = (uniform(rng, (size,), 0, 1) < 0.6).to(pixels.dtype)
        return _blend(pixels, layer, shown)


def _striking_places(photo: Tensor, rng: torch.Generator) -> Tensor:
    """Places (B, 2) in windows (B, 3, S, S), x and y in px: more often where contrast is high."""
    cell = photo.shape[-1] // 16
    grey = F.avg_pool2d(photo[:, 1:2], 2)  # green, at half size
    half = cell // 2
    inner = slice(4, 12)
    mean = F.avg_pool2d(grey, cell, half, half // 2)
    square = F.avg_pool2d(grey**2, cell, half, half // 2)
    contrast = (square - mean**2).clamp(min=0)[:, 0, inner, inner].sqrt() + 1.0
    chosen = torch.multinomial(contrast.flatten(1), 1, generator=rng)[:, 0]
    rows = torch.div(chosen, contrast.shape[2], rounding_mode='floor')
    corner = torch.stack((chosen % contrast.shape[2], rows), dim=1) + inner.start
    return (corner + uniform(rng, (len(photo), 2), 0, 1)) * cell


def _sample_canvas(pixels: Tensor, shape: Tensor, to_scene: Tensor, size: int) -> Tensor:
    """A canvas seen in a crop, its origin at the scene's: (B, 4, size, size)."""
    middle = torch.full((len(pixels), 2), (CANVAS - 1) / 2, device=pixels.device)
    to_canvas = affine(torch.linalg.inv(shape), torch.zeros_like(middle), middle)
    return sample_pixels(pixels, compose(to_canvas, to_scene), size)


def _blend(pixels: Tensor, layer: Tensor, shown: Tensor) -> Tensor:
    alpha = layer[:, 3:] / 255 * shown[:, None, None, None]
    return torch.lerp(pixels, layer[:, :3], alpha)


def _recolour(pixels: Tensor, rng: torch.Generator) -> Tensor:
    """Canvases with their colours mixed anew, most of them by much."""
    size = len(pixels)
    mix = torch.eye(3, device=pixels.device) + 0.5 * torch.randn(
        size, 3, 3, generator=rng, device=pixels.device
    )
    mix = mix / mix.sum(dim=2, keepdim=True).abs().clamp(min=0.5)
    colours = torch.einsum('bij,bjhw->bihw', mix, pixels[:, :3])
    colours = colours * uniform(rng, (size, 1, 1, 1), 0.5, 1.4)
    return torch.cat((colours.clamp(0, 255), pixels[:, 3:]), dim=1)


def _as_rectangle(hulls: Tensor) -> Tensor:
    """Outlines (B, K, 2) in place of which their bounding boxes stand."""
    low, high = hulls.amin(dim=1), hulls.amax(dim=1)
    x = torch.stack((low[:, 0], high[:, 0], high[:, 0], low[:, 0]), dim=1)
    y = torch.stack((low[:, 1], low[:, 1], high[:, 1], high[:, 1]), dim=1)
    corners = torch.stack((x, y), dim=2)
    repeats = -(-hulls.shape[1] // 4)
    return corners.repeat(1, repeats, 1)[:, : hulls.shape[1]]
