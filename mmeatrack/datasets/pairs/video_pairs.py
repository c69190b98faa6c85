"""Training pairs from videos that are packed in memory around their targets."""

import itertools
import warnings
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from mmeatrack.registry import DATASETS
from mmeatrack.structures.checks import check_shares

from .augment import Augmentation, augment
from .base import PairBatch, PairSet, as_batch
from .geometry import (
    NUM_VIEWS,
    CropForm,
    affine,
    compose,
    crop_to_scene,
    draw_crops,
    sample_pixels,
    uniform,
)
from .video_packs import pack_dataset, read_packs


@DATASETS.register_module()
class VideoPairs(PairSet):
    """Two templates and a search crop from frames of one video.

    Args:
        pack_root: Folder of packs, see :func:`write_pack`.
        videos: Config of a dataset instead, whose frames are packed in memory when built.
        frames_each: Number of frames to pack from each of its videos.
        crops: Sizes of the crops, see :class:`CropForm`.
        max_gap: Frames between template and search crop at most.
        stretch: Largest ``|log|`` of the stretch of x, and of the inverse stretch of y, which
            varies the aspect of targets. All views of a pair share it.
        transpose: Share of pairs with x and y swapped.
        augmentation: Light, blur and noise, see :class:`Augmentation`.
        kwargs: Of :class:`PairSet`.

    Raises:
        FileNotFoundError: If there is no pack.
        ValueError: If no video has two frames, or not exactly one source is given.
    """

    def __init__(
        self,
        pack_root: Optional[str] = None,
        videos: Optional[Dict[str, Any]] = None,
        frames_each: int = 16,
        crops: Optional[Dict[str, Any]] = None,
        max_gap: int = 40,
        stretch: float = 0.45,
        transpose: float = 0.15,
        augmentation: Optional[Dict[str, float]] = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_shares(transpose=transpose)
        self.form = CropForm(**(crops or {}))
        self.max_gap, self.stretch, self.transpose = max_gap, stretch, transpose
        self.augmentation = Augmentation(**(augmentation or {}))
        if (pack_root is None) == (videos is None):
            raise ValueError('give either pack_root or videos, the config of a dataset.')
        if pack_root is not None:
            self.packs = read_packs(pack_root)
        else:
            self.packs = [pack_dataset(DATASETS.build(videos), frames_each)]
        self.patches = [self._on_device(pack.patches) for pack in self.packs]
        # Of each video: its pack, the row of its first patch, and the numbers of its frames.
        self.videos: List[Tuple[int, int, np.ndarray]] = []
        for number, pack in enumerate(self.packs):
            starts = np.flatnonzero(np.r_[True, np.diff(pack.videos) != 0])
            for start, stop in zip(starts, np.r_[starts[1:], len(pack.videos)]):
                if stop - start > 1:
                    self.videos.append((number, int(start), pack.frames[start:stop]))
        if not self.videos:
            raise ValueError(f'{pack_root or videos}: no video has two packed frames or more.')

    def make_batch(self, size: int, rng: torch.Generator) -> PairBatch:
        """Make a batch; see :meth:`PairSet.make_batch`."""
        patches, boxes = self._draw_frames(size, rng)
        turn, swap = self._draw_turns(size, rng)
        # (B, 3, 2), from patch px to scene units
        wh = boxes[..., 2:] * turn.abs().amax(dim=2)[:, None].reciprocal()
        views = draw_crops(rng, torch.where(swap[:, None, None], wh.flip(-1), wh), self.form)
        origin = torch.zeros(size, 2, device=self.device)
        crops = []
        for pixels, box, crop in zip(patches, boxes.unbind(1), views):
            # The patch's corner is at 0, its first pixel's centre at 0.5.
            to_patch = affine(turn, origin, box[:, :2] - 0.5)
            maps = compose(to_patch, crop_to_scene(crop, origin))
            crops.append(sample_pixels(pixels, maps, crop.size))
        crops = augment(crops, views[-1].boxes, rng, self.augmentation)
        return as_batch(crops, [crop.boxes for crop in views])

    def _draw_frames(self, size: int, rng: torch.Generator) -> Tuple[List[Tensor], Tensor]:
        """Draw patches (B, 3, S, S) of each view, and boxes (B, 3, 4)."""
        draws = torch.rand(size, 4, generator=rng, device=rng.device).tolist()
        packs, rows = [], []
        for video, *shares in draws:
            number, start, frames = self.videos[int(video * len(self.videos))]
            packs.append(number)
            rows.append([start + each for each in self._choose(frames, shares)])
        boxes = np.stack([self.packs[number].boxes[row] for number, row in zip(packs, rows)])
        patches = [
            self._gather(packs, [row[view] for row in rows]).permute(0, 3, 1, 2).float()
            for view in range(NUM_VIEWS)
        ]
        return patches, torch.from_numpy(boxes).to(self.device).float()

    def _gather(self, packs: Sequence[int], rows: Sequence[int]) -> Tensor:
        """Gather patches (B, S, S, 3), uint8, by pack and row."""
        order = sorted(range(len(packs)), key=packs.__getitem__)
        parts = [
            self.patches[number][[rows[each] for each in group]]
            for number, group in itertools.groupby(order, key=packs.__getitem__)
        ]
        return torch.cat(parts)[np.argsort(order).tolist()]

    def _on_device(self, patches: np.ndarray) -> Tensor:
        """Move patches to the device; on the CPU they may stay memory maps."""
        with warnings.catch_warnings():
            # They are only read, so that a map without write access is safe.
            warnings.filterwarnings('ignore', message='The given NumPy array is not writable')
            return torch.from_numpy(patches).to(self.device)

    def _choose(self, frames: np.ndarray, shares: Sequence[float]) -> Tuple[int, int, int]:
        """Positions of template, temporal template and search frame."""
        search = int(shares[0] * len(frames))
        near = np.flatnonzero(np.abs(frames - frames[search]) <= self.max_gap)
        template = int(near[int(shares[1] * len(near))])
        low, high = min(template, search), max(template, search)
        return template, low + int(shares[2] * (high - low + 1)), search

    def _draw_turns(self, size: int, rng: torch.Generator) -> Tuple[Tensor, Tensor]:
        """Maps (B, 2, 2) from scene to patch that flip, stretch and swap; and (B,) which swap."""
        pull = uniform(rng, (size,), -self.stretch, self.stretch)
        flip = torch.where(uniform(rng, (size,), 0, 1) < 0.5, -1.0, 1.0)
        swap = uniform(rng, (size,), 0, 1) < self.transpose
        plain = torch.diag_embed(torch.stack((flip * pull.exp(), (-pull).exp()), dim=1))
        return torch.where(swap[:, None, None], plain.flip(-1), plain), swap
