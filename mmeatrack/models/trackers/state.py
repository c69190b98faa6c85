"""All that a tracker remembers of the video it is in."""

from dataclasses import dataclass
from typing import Optional

from torch import Tensor

from mmeatrack.models.temporal import TargetStore
from mmeatrack.structures.boxes import Box


@dataclass
class TrackerState:
    """State of one video; a new one is made at each initialisation.

    Attributes:
        template: (1, Nz, C) tokens of the first frame's template; never changed.
        box: Last box, centre and size in image px.
        frame: Frames tracked since the initialisation.
        store: The Target Store, None where temporal adaptation is off.
        active_template: (1, Nz, C) template in use: ``template``, or what the store blended with
            it.
        temporal: (1, Nt, C) temporal tokens in use, None while the store is empty.
    """

    template: Tensor
    box: Box
    active_template: Tensor
    frame: int = 0
    store: Optional[TargetStore] = None
    temporal: Optional[Tensor] = None
