"""Lost-target detector with hysteresis."""

from mmeatrack.structures.checks import check_counts


class LostDetector:
    """Lost-target detector on the scores of a video.

    A tracked target is lost after ``patience`` consecutive frames with a score below
    ``lost_below``. A lost one is found after as many with a score of ``found_above`` or more. One
    detector serves one video.

    Args:
        lost_below: Score below which a frame counts towards losing the target, 0 to 1.
        found_above: Score from which a frame counts towards finding it, ``lost_below`` to 1.
        patience: Consecutive frames, at least 1.

    Attributes:
        lost: Whether the target is lost now.
        times_lost, times_found: Number of changes to lost, and back.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> from mmeatrack.models import LostDetector
        >>> detector = LostDetector(lost_below=0.3, found_above=0.5, patience=2)
        >>> [detector.update(score) for score in (0.9, 0.2, 0.1, 0.4, 0.6, 0.7)]
        [False, False, True, True, True, False]
    """

    def __init__(
        self, lost_below: float = 0.3, found_above: float = 0.5, patience: int = 3
    ) -> None:
        if not 0 <= lost_below <= found_above <= 1:
            raise ValueError(
                f'lost_below={lost_below} and found_above={found_above} must lie between 0 and 1, '
                'lost_below not above found_above.'
            )
        check_counts(patience=patience)
        self.lost_below, self.found_above, self.patience = lost_below, found_above, patience
        self.lost = False
        self.times_lost, self.times_found = 0, 0
        self._contrary = 0  # consecutive frames that speak against the present state

    def is_sure(self, score: float) -> bool:
        """Return whether a frame with this score shows the target."""
        return score >= self.found_above

    def declare_lost(self) -> None:
        """Mark the target as lost at once, for a reason other than its scores."""
        self.times_lost += not self.lost
        self.lost, self._contrary = True, 0

    def update(self, score: float) -> bool:
        """Add a frame's score; return whether the target is lost now."""
        is_contrary = self.is_sure(score) if self.lost else score < self.lost_below
        self._contrary = self._contrary + 1 if is_contrary else 0
        if self._contrary == self.patience:
            self.lost, self._contrary = not self.lost, 0
            self.times_lost += self.lost
            self.times_found += not self.lost
        return self.lost
