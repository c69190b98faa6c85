"""Motion of a box: constant velocity with noise, as a Kalman filter [1].

References:
    [1] Kalman, A New Approach to Linear Filtering and Prediction Problems, Journal of Basic
        Engineering 82, 1960
"""

from typing import Tuple

from mmeatrack.structures.boxes import Box

# Standard deviations as shares of the box's mean side: place and size of a sure measurement, what a
# score of 0 adds to both, and the changes of velocity and size per frame.
_SURE, _SURE_SIZE, _UNSURE = 0.06, 0.15, 0.4
_ACCELERATION, _RESIZE = 0.05, 0.05
# Reported deviation of the place over the filter's own. A tracker's errors in neighbouring frames
# are correlated, so that their mean is worse than that of independent ones.
_CORRELATION = 1.25


class BoxMotion:
    """Position, velocity and size of a box with their deviations.

    Both axes have the same noise and therefore share one covariance of position and velocity. Boxes
    are centre and size in image px.
    """

    def __init__(self, box: Box) -> None:
        self.restart(box)

    def restart(self, box: Box) -> None:
        """Start from a box with unknown velocity."""
        self.box = box
        self.velocity = (0.0, 0.0)
        position, speed = (_SURE * self._side) ** 2, (0.3 * self._side) ** 2
        # Variance of the position, covariance with the velocity, variance of the velocity.
        self._covariance = (position, 0.0, speed)
        self._size_variance = _SURE_SIZE**2

    def predict(self) -> None:
        """Advance by one frame."""
        (cx, cy, w, h), (vx, vy) = self.box, self.velocity
        self.box = (cx + vx, cy + vy, w, h)
        a, b, c = self._covariance
        noise = (_ACCELERATION * self._side) ** 2
        self._covariance = (a + 2 * b + c + noise / 4, b + c + noise / 2, c + noise)
        self._size_variance += _RESIZE**2

    def correct(self, box: Box, score: float) -> None:
        """Update with a measured box of confidence 0 to 1."""
        unsure = _UNSURE * (1 - score)
        noise = ((_SURE + unsure) * self._side) ** 2
        a, b, c = self._covariance
        gain, speed_gain = a / (a + noise), b / (a + noise)
        dx, dy = box[0] - self.box[0], box[1] - self.box[1]
        self.velocity = (self.velocity[0] + speed_gain * dx, self.velocity[1] + speed_gain * dy)
        # The size is the measured one, unfiltered.
        self.box = (self.box[0] + gain * dx, self.box[1] + gain * dy, *box[2:])
        self._covariance = ((1 - gain) * a, (1 - gain) * b, c - speed_gain * b)
        self._size_variance = (_SURE_SIZE + unsure) ** 2

    @property
    def deviation(self) -> Tuple[float, float, float, float]:
        """Standard deviations of centre x, y, width and height in image px."""
        place, share = _CORRELATION * self._covariance[0] ** 0.5, self._size_variance**0.5
        return place, place, share * self.box[2], share * self.box[3]

    @property
    def _side(self) -> float:
        return (self.box[2] * self.box[3]) ** 0.5
