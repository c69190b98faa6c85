"""Target Store of EATrack: confident views of the target, kept while a video lasts."""

from dataclasses import dataclass
from typing import Callable, List, Optional, Tuple, Union

from mmeatrack.structures.boxes import Box
from mmeatrack.tracking.activation import FUSIONS, SAMPLINGS, SPREADING, Array, library_of
from mmeatrack.tracking.self_tuning import AUTO, ScoreStatistics, interval_ends, least_score


@dataclass
class StoreEntry:
    """One view of the target.

    Attributes:
        tokens: (Nz, C) stage-1 tokens of its template crop.
        score: Confidence of the frame's prediction.
        frame: Frame counted from the initialisation.
        box: Predicted box, centre and size in image px.
    """

    tokens: Array
    score: float
    frame: int
    box: Box


@dataclass
class _Candidate:
    """Best frame of the interval so far, encoded only when it is stored."""

    encode: Callable[[], Array]
    score: float
    frame: int
    box: Box

    def as_entry(self) -> StoreEntry:
        return StoreEntry(self.encode()[0], self.score, self.frame, self.box)


@dataclass
class StoreStatistics:
    """Counts since the initialisation: frames offered and confident, views stored, activations."""

    offered: int = 0
    confident: int = 0
    stored: int = 0
    activations: int = 0


class TargetStore:
    """Store of the best confident view of each interval.

    Within an interval the frame with the highest score at or above ``threshold`` is the
    candidate. At the interval's end it is stored, the oldest entry leaves a full store, and the
    tokens in use are drawn anew ("periodic activation"). The template of the first frame is not an
    entry: it stays, whatever the store holds. A store serves one video; a new one is made for each.

    Args:
        threshold: Least score (0 to 1) of a frame that may be stored; 'auto' lets it follow the
            video's calibrated scores, see :func:`least_score`.
        interval: Frames between activations; 'auto' lets falling scores end it.
        capacity: Entries kept at most.
        num_samples: Entries drawn at an activation.
        sampling: 'recent', 'score', 'diverse' or 'even'; the last two spread two samples or more.
        fusion: 'concat' (temporal tokens beside the template) or 'blend' (mixed into it).
        blend_weight: Share of the samples in the blended template.

    Raises:
        ValueError: If a value is out of range, a name is unknown, or a single sample should spread.

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
        if threshold != AUTO:
            _check_share('threshold', threshold)
        if interval != AUTO:
            _check_count('interval', interval)
        _check_share('blend_weight', blend_weight)
        _check_count('capacity', capacity)
        _check_count('num_samples', num_samples)
        _check_name('sampling', sampling, list(SAMPLINGS))
        _check_name('fusion', fusion, list(FUSIONS))
        _check_spread(sampling, num_samples)
        self.threshold, self.interval, self.capacity = threshold, interval, capacity
        self.num_samples, self.sampling = num_samples, sampling
        self.fusion, self.blend_weight = fusion, blend_weight
        self.entries: List[StoreEntry] = []
        self.statistics = StoreStatistics()
        self._candidate: Optional[_Candidate] = None
        self._scores = ScoreStatistics()
        self._last_activation = 0

    def offer(self, frame: int, score: float, box: Box, encode: Callable[[], Array]) -> bool:
        """Consider a frame, counted from 1, for this interval's view; True if it is the candidate.

        The box is the predicted one, centre and size in image px. ``encode``, which returns the
        (1, Nz, C) tokens of its template crop, is called at the interval's end if it is stored.
        """
        self.statistics.offered += 1
        self._scores.update(score)
        if score < least_score(self.threshold, self._scores):
            return False
        self.statistics.confident += 1
        if self._candidate is not None and score <= self._candidate.score:
            return False
        self._candidate = _Candidate(encode, score, frame, box)
        return True

    def due(self, frame: int, score: float) -> bool:
        """End the interval where it is due, which stores its candidate.

        True if it ended in this frame, counted from 1, and there is an entry to read.
        """
        since = frame - self._last_activation
        if not interval_ends(self.interval, frame, since, score, self._scores):
            return False
        self._last_activation = frame
        if self._candidate is not None:
            self.entries = ([*self.entries, self._candidate.as_entry()])[-self.capacity :]
            self._candidate = None
            self.statistics.stored += 1
        return bool(self.entries)

    def read(self, template: Array) -> Tuple[Array, Optional[Array]]:
        """Sample the store and fuse the samples with the first frame's template (1, Nz, C).

        Returns:
            The template in use (1, Nz, C) and the temporal tokens (1, S * Nz, C), None for none.
        """
        if not self.entries:
            return template, None
        self.statistics.activations += 1
        scores = [entry.score for entry in self.entries]
        views = [entry.tokens for entry in self.entries]
        tokens = library_of(template).stack(views)  # (M, Nz, C)
        chosen = SAMPLINGS[self.sampling](scores, tokens.mean(1), self.num_samples)
        return FUSIONS[self.fusion](template, tokens[chosen], self.blend_weight)


def _check_share(name: str, value: Union[float, str]) -> None:
    if isinstance(value, str) or not 0 <= value <= 1:
        raise ValueError(f'{name}={value!r} must lie between 0 and 1{_or_auto(name)}.')


def _check_count(name: str, value: Union[int, str]) -> None:
    if not isinstance(value, int) or value < 1:
        raise ValueError(f'{name}={value!r} must be a whole number of at least 1{_or_auto(name)}.')


def _or_auto(name: str) -> str:
    return f', or {AUTO!r}' if name in ('threshold', 'interval') else ''


def _check_name(name: str, value: str, allowed: List[str]) -> None:
    if value not in allowed:
        raise ValueError(f'{name}={value!r} is unknown; it is one of {allowed}.')


def _check_spread(sampling: str, num_samples: int) -> None:
    if num_samples == 1 and sampling in SPREADING:
        raise ValueError(
            f'sampling={sampling!r} spreads several samples, but num_samples=1: give num_samples=2 '
            "or more, or sampling='recent', which draws the same single entry."
        )
