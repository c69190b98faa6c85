"""Sets of training pairs: batches made in one call, as mmtrack's samples, and mixed sets."""

from typing import Any, Dict, List, NamedTuple, Sequence

import numpy as np
import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample
from torch import Tensor
from torch.utils.data import Dataset

from mmeatrack.registry import DATASETS
from mmeatrack.structures.checks import check_shares


class PairBatch(NamedTuple):
    """Training pairs.

    Attributes:
        templates: (B, 2, 3, Ht, Wt) float, BGR, 0 to 255: the template, and one for the temporal
            slot.
        template_boxes: (B, 2, 4) centre and size in crop px; pixel centres are integers.
        search: (B, 3, Hs, Ws), as the templates.
        search_boxes: (B, 4), as theirs.
    """

    templates: Tensor
    template_boxes: Tensor
    search: Tensor
    search_boxes: Tensor


class PairSet(Dataset):
    """A training set whose samples are made, not read.

    A data loader without workers gets a batch by one call of :meth:`make_batch`. The same indices
    give the same batch, so that a resumed training sees the same pairs.

    Args:
        length: Nominal number of samples.
        seed: Seed of all samples.
        device: Where the samples are made: where the model is trained.
        temporal: Share of batches whose samples have the second template. Without it a step
            costs less, as does a frame of a video before its first view.
        negatives: Share of the samples that get the search crop of another sample, so that the
            score has to be low where the template's target is absent.

    Attributes:
        skip_batches: Number of batches to return empty, for a resumed training that only counts
            what it has seen.
    """

    metainfo: Dict[str, Any] = {}  # read by mmengine's loops

    def __init__(
        self,
        length: int = 1000000,
        seed: int = 0,
        device: str = 'cpu',
        temporal: float = 1.0,
        negatives: float = 0.0,
    ) -> None:
        if length < 1 or seed < 0:
            raise ValueError(f'length={length} must be at least 1, and seed={seed} at least 0.')
        check_shares(temporal=temporal)
        if not 0 <= negatives < 1:
            raise ValueError(f'negatives={negatives} must be at least 0 and below 1.')
        self.length, self.seed, self.temporal = length, seed, temporal
        self.negatives = negatives
        self.device = torch.device(device)
        self.skip_batches = 0

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Dict[str, Any]:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> List[Dict[str, Any]]:
        """Return the samples of a batch, as mmtrack's data loaders collate them."""
        if self.skip_batches > 0:
            self.skip_batches -= 1
            return [{} for _ in indices]
        rng = self.generator(indices)
        shown = 2 if float(torch.rand(1, generator=rng, device=rng.device)) < self.temporal else 1
        batch = self.make_batch(len(indices), rng)
        batch = batch._replace(
            templates=batch.templates[:, :shown], template_boxes=batch.template_boxes[:, :shown]
        )
        present = torch.rand(len(indices), generator=rng, device=rng.device) >= self.negatives
        present |= len(indices) == 1  # there is no other sample
        other = batch.search.roll(1, dims=0)
        search = torch.where(present[:, None, None, None], batch.search, other)
        return _as_samples(batch._replace(search=search), present)

    def generator(self, indices: Sequence[int]) -> torch.Generator:
        """Return the random generator of a batch."""
        seeds = np.random.SeedSequence([self.seed, *map(int, indices)])
        rng = torch.Generator(self.device)
        rng.manual_seed(int(seeds.generate_state(1, np.uint64)[0] >> 1))
        return rng

    def make_batch(self, size: int, rng: torch.Generator) -> PairBatch:
        """Make a batch of a size; all random numbers come from the generator."""
        raise NotImplementedError


def _as_samples(batch: PairBatch, present: Tensor) -> List[Dict[str, Any]]:
    """Convert a batch to mmtrack's samples; the label is 0 where the target is absent."""
    columns = (
        batch.templates,
        bbox_cxcywh_to_xyxy(batch.template_boxes),
        torch.ones_like(batch.template_boxes[..., 0], dtype=torch.long),
        batch.search[:, None],
        bbox_cxcywh_to_xyxy(batch.search_boxes[:, None]),
        present.long()[:, None],
    )
    samples = []
    for templates, template_boxes, ones, search, search_box, label in zip(*columns):
        sample = TrackDataSample()
        sample.gt_instances = InstanceData(bboxes=template_boxes, labels=ones)
        sample.search_gt_instances = InstanceData(bboxes=search_box, labels=label)
        inputs = dict(img=templates, search_img=search)
        samples.append(dict(inputs=inputs, data_samples=sample))
    return samples


def as_batch(pixels: List[Tensor], boxes: List[Tensor]) -> PairBatch:
    """Batch of the crops (B, 3, S, S) and boxes (B, 4) of template, temporal and search view."""
    templates, template_boxes = torch.stack(pixels[:-1], dim=1), torch.stack(boxes[:-1], dim=1)
    return PairBatch(templates, template_boxes, pixels[-1], boxes[-1])


@DATASETS.register_module()
class MixedPairs(PairSet):
    """Pairs of several sets, mixed by weights.

    Args:
        sets: Configs of the sets, such as :class:`StillPairs` and :class:`VideoPairs`. Their
            ``seed``, ``temporal`` and ``negatives`` have no effect.
        weights: Relative frequency of each set.
        kwargs: Of :class:`PairSet`; ``device`` is passed to all sets.

    Raises:
        ValueError: If there is not a positive weight for each set.
    """

    def __init__(self, sets: Sequence[dict], weights: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not sets or len(sets) != len(weights) or min(weights) <= 0:
            raise ValueError(
                f'{len(sets)} sets and weights={list(weights)}: give each set a weight above 0.'
            )
        self.sets = [DATASETS.build(dict(each, device=self.device)) for each in sets]
        self.weights = torch.tensor(weights, dtype=torch.float, device=self.device)

    def make_batch(self, size: int, rng: torch.Generator) -> PairBatch:
        """Make a batch; see :meth:`PairSet.make_batch`."""
        chosen = torch.multinomial(self.weights, size, replacement=True, generator=rng)
        counts = torch.bincount(chosen, minlength=len(self.sets)).tolist()
        made = [each.make_batch(n, rng) for each, n in zip(self.sets, counts) if n]
        order = torch.randperm(size, generator=rng, device=self.device)
        return PairBatch(*(torch.cat(parts)[order] for parts in zip(*made)))
