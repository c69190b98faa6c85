"""Lost-target detector with hysteresis."""


class LostDetector:
    """Lost-target detector on the scores of a video.

    A tracked target is lost after ``patience`` frames in a row with a score below ``lost_below``. A
    lost one is found after as many with a score of ``found_above`` or more. A single bad frame is
    no loss, and a single good one no finding. One detector serves one video.

    Args:
        lost_below: Score below which a frame counts towards a loss, 0 to 1.
        found_above: Score from which a frame counts towards a finding, ``lost_below`` to 1.
        patience: Frames in a row, at least 1.

    Attributes:
        lost: The present state.
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
        if not isinstance(patience, int) or patience < 1:
            raise ValueError(f'patience={patience!r} must be a whole number of at least 1.')
        self.lost_below, self.found_above, self.patience = lost_below, found_above, patience
        self.lost = False
        self.times_lost, self.times_found = 0, 0
        self._contrary = 0

    def is_sure(self, score: float) -> bool:
        """Return whether a frame with this score shows the target."""
        return score >= self.found_above

    def declare_lost(self) -> None:
        """Call the target lost at once, for a reason other than its scores."""
        self.times_lost += not self.lost
        self.lost, self._contrary = True, 0

    def update(self, score: float) -> bool:
        """Take a frame's score; return whether the target is lost now."""
        speaks_against = self.is_sure(score) if self.lost else score < self.lost_below
        self._contrary = self._contrary + 1 if speaks_against else 0
        if self._contrary == self.patience:
            self.lost, self._contrary = not self.lost, 0
            self.times_lost += self.lost
            self.times_found += not self.lost
        return self.lost
