"""Layer-by-layer similarity of student and teacher, inside and outside the target."""

import csv
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple, Union

import torch
from torch import Tensor

from mmeatrack.analysis.cka import LinearCKA
from mmeatrack.analysis.cosine import MaskedMean, token_cosine
from mmeatrack.analysis.layer_tokens import layer_search_tokens
from mmeatrack.models.losses import TargetMask

REGIONS = ('inside', 'outside')


class LayerSimilarity(NamedTuple):
    """Similarity of a pair of layers.

    Attributes:
        student_layer: From 0 through both stages.
        teacher_layer: From 0 through both stages.
        measure: 'cosine', or 'cka' where the widths differ.
        inside: Over the search tokens of the target.
        outside: Over the other search tokens.
    """

    student_layer: int
    teacher_layer: int
    measure: str
    inside: float
    outside: float


class SimilarityMeter:
    """Adds up the similarity of two trackers over batches.

    Cosine similarity compares token by token and channel by channel, as a feature loss without
    adapter does. Trackers of different widths have no common channels; they are compared by
    linear CKA over all tokens of the region.

    Args:
        student, teacher: The trackers, with the same crop sizes and grids.
        layer_pairs: (student layer, teacher layer).

    Raises:
        ValueError: If there is no such layer or the search grids differ.
    """

    def __init__(self, student: Any, teacher: Any, layer_pairs: Sequence[Tuple[int, int]]) -> None:
        grids = [tracker.backbone.search_grid for tracker in (student, teacher)]
        if grids[0] != grids[1]:
            raise ValueError(
                f'search grids of {grids[0]} (student) and {grids[1]} (teacher) cells a side: '
                'trackers are compared cell by cell, on the same crops in the same patches.'
            )
        for student_layer, teacher_layer in layer_pairs:
            student.backbone.layer_name(student_layer)
            teacher.backbone.layer_name(teacher_layer)
        self.student, self.teacher, self.layer_pairs = student, teacher, list(layer_pairs)
        widths = [tracker.backbone.embed_dims for tracker in (student, teacher)]
        self.measure = 'cosine' if widths[0] == widths[1] else 'cka'
        self._mask = TargetMask('hard')
        self._means: Dict[Tuple[int, str], Any] = {
            (index, region): MaskedMean() if self.measure == 'cosine' else LinearCKA(*widths)
            for index in range(len(self.layer_pairs))
            for region in REGIONS
        }

    @torch.no_grad()
    def update(self, inputs: Dict[str, Tensor], data_samples: List[Any]) -> None:
        """Add a batch.

        Args:
            inputs: As :meth:`EATrack.loss` takes them.
            data_samples: Their annotations.
        """
        grid = self.student.backbone.search_grid
        boxes = self.student.search_boxes(data_samples)
        inside = self._mask(boxes, (grid, grid)).flatten(1) > 0  # (B, Nx)
        shown = inside.any(dim=1, keepdim=True)
        regions = dict(inside=inside, outside=~inside & shown)
        student_layers, teacher_layers = zip(*self.layer_pairs)
        students = layer_search_tokens(self.student, inputs, student_layers)
        teachers = layer_search_tokens(self.teacher, inputs, teacher_layers)
        for index, (x, y) in enumerate(zip(students, teachers)):
            cosine = token_cosine(x, y) if self.measure == 'cosine' else None
            for region, mask in regions.items():
                if cosine is not None:
                    self._means[index, region].update(cosine, mask)
                else:
                    self._means[index, region].update(x[mask], y[mask])

    def result(self) -> List[LayerSimilarity]:
        """The similarity of each pair over all batches so far."""
        return [
            LayerSimilarity(
                *pair, self.measure, *(self._means[index, region].value() for region in REGIONS)
            )
            for index, pair in enumerate(self.layer_pairs)
        ]


def write_similarity_csv(
    similarities: Dict[str, List[LayerSimilarity]], path: Union[str, Path]
) -> None:
    """Write one line for each student and pair.

    Args:
        similarities: By the student's name.
        path: The file; missing folders are made.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['student', *LayerSimilarity._fields])
        for name, rows in similarities.items():
            for row in rows:
                writer.writerow([name, *row[:3], f'{row.inside:.6f}', f'{row.outside:.6f}'])
