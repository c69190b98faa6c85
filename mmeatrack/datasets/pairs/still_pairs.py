"""Training pairs made from photographs and cut-outs."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from mmeatrack.registry import DATASETS
from mmeatrack.structures.checks import check_shares

from .augment import Augmentation, augment
from .base import PairBatch, PairSet, as_batch
from .geometry import (
    NUM_VIEWS,
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
from .stills import CANVAS, MEAN_SIDE, Cutouts, CutoutStore, PhotoStore


class Change(NamedTuple):
    """Amount of change of a target between views; see :func:`random_linear`.

    Attributes:
        turn, scale, stretch, shear: Of the target.
        camera: Largest rotation in radians and ``|log|`` of the zoom of the camera.
        move: Largest shift of the background, in mean sides of the target.
    """

    turn: float = 0.35
    scale: float = 0.2
    stretch: float = 0.12
    shear: float = 0.12
    camera: float = 0.15
    move: float = 2.0


@DATASETS.register_module()
class StillPairs(PairSet):
    """Two templates and a search crop of one object, made from still images.

    The object is a cut-out, a cut-out's outline filled from a photograph, or a region of the
    photograph itself. Between the views it moves, turns, scales, stretches and changes its pose and
    light. The background moves differently, and distractors are of the object's kind. Trackers of
    this family use COCO's still images for the same purpose.

    Photographs are loaded into memory once, crops are cut by grid sampling, and a batch is made in
    one call on the device of the training.

    Args:
        photo_root: Folder of photographs.
        cutout_root: Folder of cut-outs, see :class:`CutoutStore`.
        crops: Sizes of the crops, see :class:`CropForm`.
        regions: Share of pairs whose target is a region of the photograph.
        filled: Share of the pasted targets whose outline is filled from another photograph.
        distractors: Largest number of distractors in a search crop.
        change: Change of targets between views, see :class:`Change`.
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
        check_shares(regions=regions, filled=filled)
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
        things, poses, regions = self._draw_targets(size, rng)
        shapes = self._draw_shapes(size, rng, regions)
        boxes = [hull_boxes(pose.hulls, shape) for pose, shape in zip(poses, shapes)]  # (B, 4) xyxy
        sides = torch.stack([box[:, 2:] - box[:, :2] for box in boxes], dim=1)
        views = draw_crops(rng, sides, self.form)
        photo = self.photos.windows(size, rng)
        anchor = _high_contrast_places(photo, rng)
        density = uniform(rng, (size, 1, 1), 18, 38)  # photo px per scene unit
        counts = [min(self.distractors, 1)] * (NUM_VIEWS - 1) + [self.distractors]
        crops = []
        for crop, shape, box, pose, count in zip(views, shapes, boxes, poses, counts):
            to_scene = crop_to_scene(crop, (box[:, :2] + box[:, 2:]) / 2)
            ground = self._ground(rng, anchor, density, shape, regions)
            pixels = sample_pixels(photo, compose(ground, to_scene), crop.size, 'reflection')
            for _ in range(count):
                pixels = self._paste_distractor(pixels, rng, things, crop, to_scene)
            layer = _sample_canvas(pose.pixels, shape, to_scene, crop.size)
            crops.append(_blend(pixels, layer, ~regions))
        crops = augment(crops, views[-1].boxes, rng, self.augmentation)
        return as_batch(crops, [crop.boxes for crop in views])

    def _draw_targets(
        self, size: int, rng: torch.Generator
    ) -> Tuple[List[int], List[Cutouts], Tensor]:
        """Draw things, their pictures in each view, and whether the target is a region, (B,)."""
        things = self.cutouts.draw_things(size, rng)
        regions = uniform(rng, (size,), 0, 1) < self.regions
        filled = (uniform(rng, (size,), 0, 1) < self.filled) & ~regions
        rectangles = _as_rectangle(self.cutouts.poses(things, rng).hulls)
        texture = self.photos.windows(size, rng)[..., :CANVAS, :CANVAS]
        poses = []
        for _ in range(NUM_VIEWS):
            pose = self.cutouts.poses(things, rng)
            hulls = torch.where(regions[:, None, None], rectangles, pose.hulls)
            colours = torch.where(filled[:, None, None, None], texture, pose.pixels[:, :3])
            poses.append(Cutouts(torch.cat((colours, pose.pixels[:, 3:]), dim=1), hulls))
        return things, poses, regions

    def _draw_shapes(self, size: int, rng: torch.Generator, regions: Tensor) -> List[Tensor]:
        """Linear maps (B, 2, 2) from canvas px to scene units, for each view."""
        base = random_linear(rng, size, 0.25, 0.0, 0.3, 0.15) / MEAN_SIDE
        # Upright things, such as people, are more often tall than wide.
        tall = uniform(rng, (size, 1), 0, 0.45).exp()
        base = base * torch.cat((1 / tall, tall), dim=1)[..., None]
        flip = torch.where(uniform(rng, (size,), 0, 1) < 0.5, -1.0, 1.0)
        base = base * torch.stack((flip, torch.ones_like(flip)), dim=1)[:, None]
        # Regions hardly turn: nothing in them shows the bounding box of a turned rectangle.
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
        # A region of the photograph moves, turns and stretches with its surroundings.
        attached = affine(torch.linalg.inv(shape) / MEAN_SIDE * density, zero, anchor)
        return torch.where(regions[:, None, None], attached, moving)

    def _paste_distractor(
        self, pixels: Tensor, rng: torch.Generator, things: List[int], crop: Crops, to_scene: Tensor
    ) -> Tensor:
        """Paste another thing of the same kind, in other colours, next to most targets."""
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
        at = middle - crop.shift + way * touching * uniform(rng, (size, 1), 0.9, 2.2)
        canvas = _recolour(other.pixels, rng)
        moved = torch.cat((to_scene[..., :2], to_scene[..., 2:] - at[..., None]), dim=2)
        layer = _sample_canvas(canvas, shape, moved, crop.size)
        return _blend(pixels, layer, uniform(rng, (size,), 0, 1) < 0.6)


def _high_contrast_places(photo: Tensor, rng: torch.Generator) -> Tensor:
    """Places (B, 2) in windows (B, 3, S, S), x and y in px, drawn in proportion to contrast."""
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
    """Put layers (B, 4, S, S) over the pixels (B, 3, S, S) where ``shown`` (B,)."""
    return torch.lerp(pixels, layer[:, :3], layer[:, 3:] / 255 * shown[:, None, None, None])


def _recolour(pixels: Tensor, rng: torch.Generator) -> Tensor:
    """Mix the colour channels of canvases (B, 4, S, S), mostly by much."""
    size, device = len(pixels), pixels.device
    noise = torch.randn(size, 3, 3, generator=rng, device=device)
    mix = torch.eye(3, device=device) + 0.5 * noise
    mix = mix / mix.sum(dim=2, keepdim=True).abs().clamp(min=0.5)
    colours = torch.einsum('bij,bjhw->bihw', mix, pixels[:, :3])
    colours = colours * uniform(rng, (size, 1, 1, 1), 0.5, 1.4)
    return torch.cat((colours.clamp(0, 255), pixels[:, 3:]), dim=1)


def _as_rectangle(hulls: Tensor) -> Tensor:
    """Corners (B, 4, 2) of the bounding boxes of outlines (B, K, 2), repeated to K points."""
    sides = torch.stack((hulls.amin(dim=1), hulls.amax(dim=1)), dim=1)
    corners = torch.stack((sides[:, [0, 1, 1, 0], 0], sides[:, [0, 0, 1, 1], 1]), dim=2)
    return corners.repeat(1, -(-hulls.shape[1] // 4), 1)[:, : hulls.shape[1]]
