"""Periodic activation of the Target Store: sampling of its entries and fusion with the template."""

import sys
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

Array = Any  # a torch.Tensor, or a numpy.ndarray where there is no PyTorch


def library_of(array: Array) -> Any:
    """Module of an array's functions, ``torch`` or ``numpy``; it has been imported already."""
    return sys.modules[type(array).__module__.partition('.')[0]]


# (scores (M,), embeddings (M, C), how many) -> indices, oldest first; entries come oldest first.
Sampling = Callable[[Sequence[float], Array, int], List[int]]


def recent(scores: Sequence[float], embeddings: Array, count: int) -> List[int]:
    """The newest entries."""
    return list(range(len(scores)))[-count:]


def highest_score(scores: Sequence[float], embeddings: Array, count: int) -> List[int]:
    """The entries with the highest scores; of equal ones the newer."""
    order = sorted(range(len(scores)), key=lambda i: (scores[i], i), reverse=True)
    return sorted(order[:count])


def evenly(scores: Sequence[float], embeddings: Array, count: int) -> List[int]:
    """Entries evenly spaced over time, the newest among them."""
    total = len(scores)
    count = min(count, total)
    return sorted({total - 1 - (k * total) // count for k in range(count)})


def diverse(scores: Sequence[float], embeddings: Array, count: int) -> List[int]:
    """Farthest-point sampling on the embeddings by cosine distance, from the newest entry on."""
    unit = np.array(embeddings.tolist(), dtype=np.float64)  # waits for a GPU
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    distance = 1 - unit @ unit.T  # (M, M)
    chosen = [len(scores) - 1]
    while len(chosen) < min(count, len(scores)):
        nearest = distance[:, chosen].min(axis=1)
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
Fusion = Callable[[Array, Array, float], Tuple[Array, Optional[Array]]]


def concat(template: Array, samples: Array, weight: float) -> Tuple[Array, Optional[Array]]:
    """The template as it is and the samples as (1, S * Nz, C) temporal tokens."""
    return template, samples.reshape(1, -1, samples.shape[-1])


def blend(template: Array, samples: Array, weight: float) -> Tuple[Array, Optional[Array]]:
    """``(1 - weight) * template + weight * mean of the samples``, and no temporal tokens."""
    return (1 - weight) * template + weight * samples.mean(0)[None], None


FUSIONS: Dict[str, Fusion] = {'concat': concat, 'blend': blend}
