"""Activation of the Target Store: sampling of its entries and fusion with the template."""

import sys
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

Array = Any  # a torch.Tensor, or a numpy.ndarray where there is no PyTorch


# (scores (M,), embeddings (M, C), count) -> indices, oldest first; entries come oldest first.
Sampling = Callable[[Sequence[float], Array, int], List[int]]


def recent(scores: Sequence[float], embeddings: Array, count: int) -> List[int]:
    """Take the newest entries."""
    return list(range(len(scores)))[-count:]


def highest_score(scores: Sequence[float], embeddings: Array, count: int) -> List[int]:
    """Take the entries with the highest scores, the newer of equal ones."""
    return sorted(np.argsort(scores, kind='stable')[-count:].tolist())


def evenly(scores: Sequence[float], embeddings: Array, count: int) -> List[int]:
    """Take entries evenly spaced over time, among them the newest."""
    total = len(scores)
    count = min(count, total)
    return sorted({total - 1 - (k * total) // count for k in range(count)})


def diverse(scores: Sequence[float], embeddings: Array, count: int) -> List[int]:
    """Sample farthest points of the embeddings by cosine distance, starting at the newest entry."""
    unit = np.array(embeddings.tolist(), dtype=np.float64)  # synchronises with a GPU
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    distance = 1 - unit @ unit.T  # (M, M)
    chosen = [len(scores) - 1]
    while len(chosen) < min(count, len(scores)):
        nearest = distance[:, chosen].min(axis=1)
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
    return sorted(chosen)


SAMPLINGS: Dict[str, Sampling] = dict(
    recent=recent, score=highest_score, diverse=diverse, even=evenly
)

# (template (1, Nz, C), samples (S, Nz, C), weight) -> (template in use, temporal tokens or None)
Fusion = Callable[[Array, Array, float], Tuple[Array, Optional[Array]]]


def concat(template: Array, samples: Array, weight: float) -> Tuple[Array, Optional[Array]]:
    """Keep the template; the samples become (1, S * Nz, C) temporal tokens."""
    return template, samples.reshape(1, -1, samples.shape[-1])


def blend(template: Array, samples: Array, weight: float) -> Tuple[Array, Optional[Array]]:
    """Blend to ``(1 - weight) * template + weight * samples.mean()``, without temporal tokens."""
    return (1 - weight) * template + weight * samples.mean(0)[None], None


FUSIONS: Dict[str, Fusion] = dict(concat=concat, blend=blend)


def stack(arrays: Sequence[Array]) -> Array:
    """Stack arrays of either library along a new first axis."""
    library = sys.modules[type(arrays[0]).__module__.partition('.')[0]]
    return library.stack(arrays)
