"""Whether the target is lost, with hysteresis."""

from mmeatrack.registry import MODELS


@MODELS.register_module()
class LostDetector:
    """Says when a target is lost and when it is found again.

    A target that is tracked counts as lost once ``patience`` frames in a row have a score below
    ``lost_below``, and a lost one as found once as many have one of ``found_above`` or more: one
    bad frame is no loss, and a lucky one no finding. One detector serves one video.

    Args:
        lost_below: Score below which frames speak for a loss, 0 to 1.
        found_above: Score from which they speak for a finding, ``lost_below`` to 1.
        patience: Frames in a row, at least 1.

    Attributes:
        lost: The present state.
        times_lost, times_found: How often it has changed to lost, and back.

    Raises:
        ValueError: If a value is out of range.
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

    def update(self, score: float) -> bool:
        """Take a frame's score; returns whether the target is lost now."""
        speaks_against = score >= self.found_above if self.lost else score < self.lost_below
        self._contrary = self._contrary + 1 if speaks_against else 0
        if self._contrary == self.patience:
            self.lost, self._contrary = not self.lost, 0
            self.times_lost += self.lost
            self.times_found += not self.lost
        return self.lost
