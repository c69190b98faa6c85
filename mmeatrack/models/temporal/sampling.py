"""Which entries of the Target Store represent the target at an activation."""

from typing import Callable, Dict, List, Sequence

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

# What these draw as a single entry is the newest.
SPREADING = ('diverse', 'even')
