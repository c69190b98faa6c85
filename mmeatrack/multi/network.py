"""Contract between the tracking of many targets and the network behind it."""

from typing import Any, Callable, List, Mapping, Protocol, Sequence, Tuple

import numpy as np

from mmeatrack.structures import CropWindow
from mmeatrack.structures.boxes import Box
from mmeatrack.tracking import TrackerState
from mmeatrack.tracking.activation import Array


class Network(Protocol):
    """Tracker network, in PyTorch or deployed, that keeps nothing of a video itself.

    Attributes:
        test_cfg: Settings of tracking, see :class:`EATrack`.
    """

    test_cfg: Mapping[str, Any]

    def as_image(self, frame: np.ndarray) -> Any:
        """Frame (H, W, 3), uint8, BGR, in the form that the other methods take."""

    def start(self, img: Any, box: Box) -> TrackerState:
        """State of a target; its checked box is centre and size in image px."""

    def cut_template(self, img: Any, box: Box) -> Callable[[], Array]:
        """Function that encodes the template crop around a box to stage-1 tokens (1, Nz, C).

        The crop is cut at once: the image may change before the function is called.
        """

    def locate(
        self, img: Any, windows: Sequence[CropWindow], states: Sequence[TrackerState]
    ) -> List[Tuple[Box, List[float]]]:
        """Box, centre and size in image px, and peak, side lobe and agreement in each window."""
