"""Several sets of training pairs as one."""

from typing import Any, Sequence

import torch

from mmeatrack.registry import DATASETS

from .base import PairBatch, PairSet, join


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
