"""Layer-by-layer similarity of two trackers: cosine similarity of tokens, or linear CKA."""

import csv
import io
import math
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple, Union

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmeatrack.files.atomic import write_atomically
from mmeatrack.models.losses import TargetMask


class LayerSimilarity(NamedTuple):
    """Similarity of a pair of layers.

    Attributes:
        student_layer, teacher_layer: Counted from 0 through both stages.
        measure: 'cosine', or 'cka' if the widths differ.
        inside: Over the search tokens of the target.
        outside: Over the other search tokens.
    """

    student_layer: int
    teacher_layer: int
    measure: str
    inside: float
    outside: float


class SimilarityMeter:
    """Similarity of two trackers, averaged over batches.

    Cosine similarity compares token by token and channel by channel, as a feature loss without an
    adapter does. Trackers of different widths share no channels; they are compared by linear CKA
    over all tokens of the region.

    Args:
        student, teacher: The trackers, with the same crop sizes and grids.
        layer_pairs: (student layer, teacher layer).

    Raises:
        ValueError: If a layer does not exist or the search grids differ.

    Example:
        >>> from mmeatrack.apis import load_tracker
        >>> tracker = load_tracker('student.py', 'student.pth')
        >>> SimilarityMeter(tracker, tracker, [(2, 2), (3, 3)]).measure
        'cosine'
    """

    def __init__(self, student: Any, teacher: Any, layer_pairs: Sequence[Tuple[int, int]]) -> None:
        self.student, self.teacher, self.layer_pairs = student, teacher, list(layer_pairs)
        backbones = [tracker.backbone for tracker in (student, teacher)]
        grids = [backbone.search_grid for backbone in backbones]
        if grids[0] != grids[1]:
            raise ValueError(
                f'search grids of {grids[0]} (student) and {grids[1]} (teacher) cells a side: '
                'trackers are compared cell by cell, on the same crops in the same patches.'
            )
        for backbone, layers in zip(backbones, zip(*layer_pairs)):
            for layer in layers:
                backbone.layer_name(layer)  # ValueError if it does not exist
        widths = [backbone.embed_dims for backbone in backbones]
        self.measure = 'cosine' if widths[0] == widths[1] else 'cka'
        self._mask = TargetMask('hard')
        self._meters: List[Dict[str, Any]] = [
            {
                region: MaskedMean() if self.measure == 'cosine' else LinearCKA(*widths)
                for region in ('inside', 'outside')
            }
            for _ in self.layer_pairs
        ]

    @torch.no_grad()
    def update(self, inputs: Dict[str, Tensor], data_samples: List[Any]) -> None:
        """Add a batch, in the form that :meth:`EATrack.loss` takes."""
        grid = self.student.backbone.search_grid
        boxes = self.student.search_boxes(data_samples)
        inside = self._mask(boxes, (grid, grid)).flatten(1) > 0  # (B, Nx)
        shown = inside.any(dim=1, keepdim=True)
        masks = dict(inside=inside, outside=~inside & shown)
        tokens = [
            layer_search_tokens(tracker, inputs, layers)
            for tracker, layers in zip((self.student, self.teacher), zip(*self.layer_pairs))
        ]
        for x, y, meters in zip(*tokens, self._meters):
            for region, mask in masks.items():
                if self.measure == 'cosine':
                    meters[region].update(token_cosine(x, y), mask)
                else:
                    meters[region].update(x[mask], y[mask])

    def result(self) -> List[LayerSimilarity]:
        """Return the similarity of each pair over all batches so far."""
        return [
            LayerSimilarity(*pair, self.measure, **{r: m.value() for r, m in meters.items()})
            for pair, meters in zip(self.layer_pairs, self._meters)
        ]


def write_similarity_csv(
    similarities: Dict[str, List[LayerSimilarity]], path: Union[str, Path]
) -> None:
    """Write one row per student and pair."""
    text = io.StringIO(newline='')
    writer = csv.writer(text)
    writer.writerow(['student', *LayerSimilarity._fields])
    for name, rows in similarities.items():
        for row in rows:
            writer.writerow([name, *row[:3], f'{row.inside:.6f}', f'{row.outside:.6f}'])
    write_atomically(path, text.getvalue())


def token_cosine(x: Tensor, y: Tensor) -> Tensor:
    """Cosine similarity (...) of tokens (..., C), 0 if one is zero; ValueError if shapes differ."""
    if x.shape != y.shape:
        raise ValueError(
            f'tokens {tuple(x.shape)} and {tuple(y.shape)} differ in shape; tokens of different '
            'widths are compared by linear CKA.'
        )
    return F.cosine_similarity(x, y, dim=-1)


class MaskedMean:
    """Mean of the selected values of all batches so far.

    Example:
        >>> mean = MaskedMean()
        >>> mean.update(torch.tensor([1.0, 2.0, 9.0]), torch.tensor([True, True, False]))
        >>> mean.value()
        1.5
    """

    def __init__(self) -> None:
        self._total, self._count = 0.0, 0

    def update(self, values: Tensor, mask: Tensor) -> None:
        """Add the values (...) where the boolean mask (...) is True."""
        self._total += float(values[mask].double().sum())
        self._count += int(mask.sum())

    def value(self) -> float:
        """Return the mean; NaN if no value was selected."""
        return self._total / self._count if self._count else math.nan


class LinearCKA:
    """Linear CKA [1]_ of two features of any widths over all samples so far.

    ``|| X^T Y ||_F^2 / (|| X^T X ||_F || Y^T Y ||_F)`` of centred X and Y, from 0 to 1. It does not
    change when either feature is rotated, scaled or shifted. Only sums over the samples are kept:
    any number of batches fits in memory and gives the value of one large batch.

    References:
        .. [1] S. Kornblith et al. "Similarity of Neural Network Representations Revisited". ICML
           2019. https://arxiv.org/abs/1905.00414

    Example:
        >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
        >>> cka = LinearCKA(2, 2)
        >>> cka.update(x, 3 * x + 1)
        >>> round(cka.value(), 6)
        1.0
    """

    def __init__(self, width_x: int, width_y: int) -> None:
        self._width_x, self._count = width_x, 0
        width = width_x + width_y
        self._sum = torch.zeros(width, dtype=torch.float64)
        self._products = torch.zeros(width, width, dtype=torch.float64)

    def update(self, x: Tensor, y: Tensor) -> None:
        """Add N samples, x (N, width_x) and y (N, width_y)."""
        both = torch.cat((x, y), dim=1).detach().double()  # (N, width_x + width_y)
        self._count += len(both)
        self._sum += both.sum(dim=0).cpu()
        self._products += (both.T @ both).cpu()

    def value(self) -> float:
        """Return the CKA of all samples; NaN if there are none or a feature is constant."""
        mean = self._sum / max(self._count, 1)
        scatter = self._products - self._count * torch.outer(mean, mean)
        k = self._width_x
        own = scatter[:k, :k].norm() * scatter[k:, k:].norm()
        # A constant feature leaves rounding errors only.
        raw = self._products[:k, :k].norm() * self._products[k:, k:].norm()
        if not own > 1e-20 * raw:
            return math.nan
        return float(scatter[:k, k:].pow(2).sum() / own)


@torch.no_grad()
def layer_search_tokens(
    tracker: Any, inputs: Dict[str, Tensor], layers: Sequence[int]
) -> List[Tensor]:
    """Search tokens (B, Nx, C) after each of a backbone's layers, counted from 0, in eval mode.

    The inputs are those of :meth:`EATrack.loss`; the tracker's mode is restored. ValueError if a
    layer does not exist.
    """
    backbone = tracker.backbone
    num_search = backbone.search_grid**2
    tokens: Dict[int, Tensor] = {}

    def keep(layer: int, module: nn.Module, args: Any, output: Tensor) -> None:
        # A separate layer runs for the template first; a joint one has the search tokens last.
        tokens[layer] = output[:, -num_search:]

    modules = [backbone.get_submodule(backbone.layer_name(layer)) for layer in layers]
    handles = [
        module.register_forward_hook(partial(keep, layer)) for layer, module in zip(layers, modules)
    ]
    was_training = backbone.training
    backbone.eval()
    try:
        backbone(inputs['img'], inputs['search_img'][:, 0])
    finally:
        backbone.train(was_training)
        for handle in handles:
            handle.remove()
    return [tokens[layer] for layer in layers]
