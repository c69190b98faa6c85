"""How sampled target tokens meet the original template (EATrack, temporal adaptation)."""

from typing import Callable, Dict, Optional, Tuple

import torch
from torch import Tensor

# (template (1, Nz, C), samples (S, Nz, C), weight) -> (template in use, temporal tokens or None)
Fusion = Callable[[Tensor, Tensor, float], Tuple[Tensor, Optional[Tensor]]]


def concat(template: Tensor, samples: Tensor, weight: float) -> Tuple[Tensor, Optional[Tensor]]:
    """The template as it is and the samples as (1, S * Nz, C) temporal tokens."""
    return template, samples.flatten(0, 1)[None]


def blend(template: Tensor, samples: Tensor, weight: float) -> Tuple[Tensor, Optional[Tensor]]:
    """``(1 - weight) * template + weight * mean of the samples``, and no temporal tokens."""
    return torch.lerp(template, samples.mean(dim=0, keepdim=True), weight), None


FUSIONS: Dict[str, Fusion] = {'concat': concat, 'blend': blend}
