"""Sets of training pairs: a batch in one call, mmtrack's samples from it, and sets mixed."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.structures import InstanceData
from mmtrack.structures import TrackDataSample
from torch import Tensor
from torch.utils.data import Dataset

from mmeatrack.registry import DATASETS


class PairBatch(NamedTuple):
    """Training pairs.

    Attributes:
        templates: (B, 2, 3, Ht, Wt) float, BGR, 0 to 255: the template, and one that fills the
            temporal slot.
        template_boxes: (B, 2, 4) centre and size in crop px, whole numbers being pixel centres.
        search: (B, 3, Hs, Ws), likewise.
        search_boxes: (B, 4), likewise.
    """

    templates: Tensor
    template_boxes: Tensor
    search: Tensor
    search_boxes: Tensor


class PairSet(Dataset):
    """A training set whose samples are made, not read; sample ``i`` of a batch follows from it.

    A data loader without workers gets a batch by one call, of :meth:`make_batch`. The same
    indices give the same batch, so that a resumed training sees what it would have seen.

    Args:
        length: Samples that the set claims to have.
        seed: Seed of all samples.
        device: Where the samples are made: where the model is trained.
        temporal: Share of batches whose samples have the second template. Without it a step
            costs less, as a frame does before a video's first view.
        negatives: Share of the samples whose search crop is another's, so that the score has to
            fall where the template's target is not.

    Attributes:
        skip_batches: Batches to hand out empty, for a training that is resumed and only counts
            what it has seen.
    """

    def __init__(
        self,
        length: int = 1000000,
        seed: int = 0,
        device: str = 'cpu',
        temporal: float = 1.0,
        negatives: float = 0.0,
    ) -> None:
        if length < 1:
            raise ValueError(f'length={length} must be at least 1.')
        if seed < 0:
            raise ValueError(f'seed={seed} must not be negative.')
        if not 0 <= temporal <= 1:
            raise ValueError(f'temporal={temporal} must lie between 0 and 1.')
        if not 0 <= negatives < 1:
            raise ValueError(f'negatives={negatives} must lie between 0 and below 1.')
        self.length, self.seed, self.temporal = length, seed, temporal
        self.negatives = negatives
        self.device = torch.device(device)
        self.skip_batches = 0

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Dict[str, Any]:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> List[Dict[str, Any]]:
        """The samples of a batch, as mmtrack's data loaders collate them."""
        if self.skip_batches > 0:
            self.skip_batches -= 1
            return [{} for _ in indices]
        rng = self.generator(indices)
        shown = 2 if float(torch.rand(1, generator=rng, device=rng.device)) < self.temporal else 1
        batch = self.make_batch(len(indices), rng)
        batch = batch._replace(
            templates=batch.templates[:, :shown], template_boxes=batch.template_boxes[:, :shown]
        )
        if not self.negatives:
            return as_samples(batch)
        absent = torch.rand(len(indices), generator=rng, device=rng.device) < self.negatives
        other = batch.search.roll(1, dims=0)
        search = torch.where(absent[:, None, None, None], other, batch.search)
        return as_samples(batch._replace(search=search), absent)

    def generator(self, indices: Sequence[int]) -> torch.Generator:
        """Source of a batch's numbers."""
        seeds = np.random.SeedSequence([self.seed, *map(int, indices)])
        rng = torch.Generator(self.device)
        rng.manual_seed(int(seeds.generate_state(1, np.uint64)[0] >> 1))
        return rng

    def make_batch(self, size: int, rng: torch.Generator) -> PairBatch:
        """Make a batch of a size; all that is random comes from the generator."""
        raise NotImplementedError

    def full_init(self) -> None:
        """Called by mmengine; everything is there already."""

    @property
    def metainfo(self) -> Dict[str, Any]:
        """Facts that mmengine's visualizer asks for: none."""
        return {}


def as_samples(batch: PairBatch, absent: Optional[Tensor] = None) -> List[Dict[str, Any]]:
    """mmtrack's samples of a batch; those whose search crop lacks the target are labelled 0."""
    labels = torch.ones(len(batch.search), 1, dtype=torch.long, device=batch.search.device)
    if absent is not None:
        labels = labels * ~absent[:, None]
    columns = (
        batch.templates,
        bbox_cxcywh_to_xyxy(batch.template_boxes),
        torch.ones_like(batch.template_boxes[..., 0], dtype=torch.long),
        batch.search[:, None],
        bbox_cxcywh_to_xyxy(batch.search_boxes[:, None]),
        labels,
    )
    samples = []
    for templates, template_boxes, ones, search, search_box, label in zip(
        *(column.unbind() for column in columns)
    ):
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


def join(batches: Sequence[PairBatch], order: Optional[Tensor] = None) -> PairBatch:
    """One batch of several, in another order if one is given."""
    parts = [torch.cat(part) for part in zip(*batches)]
    return PairBatch(*(part if order is None else part[order] for part in parts))


@DATASETS.register_module()
class MixedPairs(PairSet):
    """Pairs of several sets, mixed by weights.

    Args:
        sets: Configs of the sets, such as :class:`StillPairs` and :class:`VideoPairs`.
        weights: How often a pair is drawn from each, in any unit.
        kwargs: Of :class:`PairSet`; ``device`` is given to all sets.

    Raises:
        ValueError: If there is not a positive weight for each set.
    """

    def __init__(
        self,
        sets: Sequence[dict],
        weights: Sequence[float],
        **kwargs: Any,
    ) -> None:
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
        return join(made, torch.randperm(size, generator=rng, device=self.device))
