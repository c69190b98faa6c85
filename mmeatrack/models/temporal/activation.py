"""Periodic activation of the Target Store: sampling of its entries and fusion with the template."""

from typing import Callable, Dict, List, Optional, Sequence, Tuple

import torch
from torch import Tensor

# (scores (M,), embeddings (M, C), how many) -> indices, oldest first; entries come oldest first.
Sampling = Callable[[Sequence[float], Tensor, int], List[int]]


def recent(scores: Sequence[float], embeddings: Tensor, count: int) -> List[int]:
    """The newest entries."""
    return list(range(len(scores)))[-count:]


def highest_score(scores: Sequence[float], embeddings: Tensor, count: int) -> List[int]:
    """The entries with the highest scores; of equal ones the newer."""
    order = sorted(range(len(scores)), key=lambda i: (scores[i], i), reverse=True)
    return sorted(order[:count])


def evenly(scores: Sequence[float], embeddings: Tensor, count: int) -> List[int]:
    """Entries evenly spaced over time, the newest among them."""
    total = len(scores)
    count = min(count, total)
    return sorted({total - 1 - (k * total) // count for k in range(count)})


def diverse(scores: Sequence[float], embeddings: Tensor, count: int) -> List[int]:
    """Farthest-point sampling on the embeddings by cosine distance, from the newest entry on."""
    unit = torch.nn.functional.normalize(embeddings, dim=1)
    distance = 1 - unit @ unit.T  # (M, M)
    chosen = [len(scores) - 1]
    while len(chosen) < min(count, len(scores)):
        nearest = distance[:, chosen].min(dim=1).values
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
    return sorted(chosen)


SAMPLINGS: Dict[str, Sampling] = {
    'recent': recent,
    'score': highest_score,
    'diverse': diverse,
    'even': evenly,
}

# Samplings whose single entry would be the newest.
SPREADING = ('diverse', 'even')


# (template (1, Nz, C), samples (S, Nz, C), weight) -> (template in use, temporal tokens or None)
Fusion = Callable[[Tensor, Tensor, float], Tuple[Tensor, Optional[Tensor]]]


def concat(template: Tensor, samples: Tensor, weight: float) -> Tuple[Tensor, Optional[Tensor]]:
    """The template as it is and the samples as (1, S * Nz, C) temporal tokens."""
    return template, samples.flatten(0, 1)[None]


def blend(template: Tensor, samples: Tensor, weight: float) -> Tuple[Tensor, Optional[Tensor]]:
    """``(1 - weight) * template + weight * mean of the samples``, and no temporal tokens."""
    return torch.lerp(template, samples.mean(dim=0, keepdim=True), weight), None


FUSIONS: Dict[str, Fusion] = {'concat': concat, 'blend': blend}
