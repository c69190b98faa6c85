"""Target Store of EATrack: confident views of the target, kept while a video lasts."""

from dataclasses import dataclass
from typing import Callable, List, Optional, Tuple, Union

from mmeatrack.structures.boxes import Box
from mmeatrack.structures.checks import check_choice, check_counts, check_shares
from mmeatrack.tracking.activation import FUSIONS, SAMPLINGS, Array, stack
from mmeatrack.tracking.self_tuning import AUTO, ScoreStatistics, interval_ends, least_score


@dataclass
class StoreEntry:
    """View of the target.

    Attributes:
        tokens: (Nz, C) stage-1 tokens of its template crop; None until the view is stored.
        score: Confidence of the frame's prediction.
        frame: Frame number since the initialisation.
        box: Predicted box, centre and size in image px.
    """

    tokens: Array
    score: float
    frame: int
    box: Box


@dataclass
class StoreStatistics:
    """Counts since the initialisation, of frames, stored views and activations."""

    offered: int = 0
    confident: int = 0
    stored: int = 0
    activations: int = 0


class TargetStore:
    """Store of the best confident view of each interval.

    Within an interval the frame with the highest score at or above ``threshold`` is the
    candidate. At the end of the interval it is stored, the oldest entry leaves a full store, and
    the tokens in use are sampled again ("periodic activation"). The template of the first frame is
    not an entry and always stays. One store serves one video.

    Args:
        threshold: Least score (0 to 1) of a stored frame; with 'auto' it follows the calibrated
            scores of the video, see :func:`least_score`.
        interval: Frames between activations; with 'auto' falling scores end it.
        capacity: Most entries kept.
        num_samples: Entries drawn at an activation.
        sampling: 'recent', 'score', 'diverse' or 'even'; the last two need two samples or more.
        fusion: 'concat' (temporal tokens alongside the template) or 'blend' (mixed into it).
        blend_weight: Share of the samples in the blended template.

    Raises:
        ValueError: If a value is out of range, or a name or combination is not allowed.

    Example:
        >>> import torch
        >>> from mmeatrack.models import TargetStore
        >>> store = TargetStore(threshold=0.6, interval=2)
        >>> for frame, score in enumerate((0.9, 0.7, 0.2, 0.8), start=1):
        ...     view = torch.full((1, 64, 192), score)
        ...     offered = store.offer(frame, score, (50, 40, 20, 20), lambda view=view: view)
        ...     if store.due(frame, score):
        ...         template, temporal = store.read(torch.zeros(1, 64, 192))
        >>> [entry.score for entry in store.entries], tuple(temporal.shape)
        ([0.9, 0.8], (1, 64, 192))
    """

    def __init__(
        self,
        threshold: Union[float, str] = 0.6,
        interval: Union[int, str] = 10,
        capacity: int = 5,
        num_samples: int = 1,
        sampling: str = 'recent',
        fusion: str = 'concat',
        blend_weight: float = 0.3,
    ) -> None:
        check_shares(AUTO, threshold=threshold)
        check_counts(AUTO, interval=interval)
        check_shares(blend_weight=blend_weight)
        check_counts(capacity=capacity, num_samples=num_samples)
        check_choice(SAMPLINGS, sampling=sampling)
        check_choice(FUSIONS, fusion=fusion)
        if num_samples == 1 and sampling in ('diverse', 'even'):
            raise ValueError(
                f'sampling={sampling!r} spreads several samples, but num_samples=1: give '
                "num_samples=2 or more, or sampling='recent', which draws the same single entry."
            )
        self.threshold, self.interval, self.capacity = threshold, interval, capacity
        self.num_samples, self.sampling = num_samples, sampling
        self.fusion, self.blend_weight = fusion, blend_weight
        self.entries: List[StoreEntry] = []
        self.statistics = StoreStatistics()
        self._candidate: Optional[Tuple[StoreEntry, Callable[[], Array]]] = None
        self._scores = ScoreStatistics()
        self._last_activation = 0

    def offer(self, frame: int, score: float, box: Box, encode: Callable[[], Array]) -> bool:
        """Return whether a frame becomes the candidate of this interval.

        Args:
            frame: Frame number, from 1.
            score: Its score.
            box: Predicted box, centre and size in image px.
            encode: Function that returns the (1, Nz, C) tokens of its template crop; called at the
                end of the interval if the frame is stored.
        """
        self.statistics.offered += 1
        self._scores.update(score)
        if score < least_score(self.threshold, self._scores):
            return False
        self.statistics.confident += 1
        if self._candidate is not None and score <= self._candidate[0].score:
            return False
        self._candidate = StoreEntry(None, score, frame, box), encode
        return True

    def due(self, frame: int, score: float) -> bool:
        """End the interval and store its candidate if an activation is due in a frame, from 1.

        Returns:
            True if the interval ended and there is an entry to read.
        """
        since = frame - self._last_activation
        if not interval_ends(self.interval, frame, since, score, self._scores):
            return False
        self._last_activation = frame
        if self._candidate is not None:
            entry, encode = self._candidate
            entry.tokens = encode()[0]
            self.entries = [*self.entries, entry][-self.capacity :]
            self._candidate = None
            self.statistics.stored += 1
        return bool(self.entries)

    def read(self, template: Array) -> Tuple[Array, Optional[Array]]:
        """Sample the store and fuse the samples with the first frame's template (1, Nz, C).

        Returns:
            The template in use (1, Nz, C), and the temporal tokens (1, S * Nz, C) or None.
        """
        if not self.entries:
            return template, None
        self.statistics.activations += 1
        scores = [entry.score for entry in self.entries]
        tokens = stack([entry.tokens for entry in self.entries])  # (M, Nz, C)
        chosen = SAMPLINGS[self.sampling](scores, tokens.mean(1), self.num_samples)
        return FUSIONS[self.fusion](template, tokens[chosen], self.blend_weight)
