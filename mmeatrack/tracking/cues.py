"""Per-frame confidence cues."""

import math
from typing import NamedTuple

from mmeatrack.structures.boxes import Box


class Cues(NamedTuple):
    """Cues of one frame.

    Attributes:
        peak: Score map at the predicted cell, 0 to 1.
        side_lobe: Highest score outside the predicted box, 0 to 1: a look-alike's, for instance.
        agreement: Cosine similarity, -1 to 1, of the mean template token and the mean search token
            inside the target; after stage 1, before the tokens of both crops meet.
        size_change: ``|log|`` of the box's mean side over that of the first frame, 0 or more: a
            tracker on the wrong target seldom keeps its size.
    """

    peak: float
    side_lobe: float
    agreement: float
    size_change: float


def size_change(first: Box, box: Box) -> float:
    """``|log|`` of the ratio of two boxes' mean sides (centre and size in image px)."""
    return 0.5 * abs(math.log((box[2] * box[3]) / (first[2] * first[3])))
