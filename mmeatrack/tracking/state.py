"""Tracker state of one video, and its search window."""

import math
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Tuple

from mmeatrack.structures import CropWindow
from mmeatrack.structures.boxes import Box
from mmeatrack.tracking.activation import Array
from mmeatrack.tracking.calibrated_confidence import CalibratedConfidence, Cues
from mmeatrack.tracking.lost_detector import LostDetector
from mmeatrack.tracking.target_store import TargetStore

# Largest side of a lost target's window over that around the last sure box.
_LOST_GROWTH = 3.0


@dataclass
class TrackerState:
    """State of one video; a new one is made at each initialisation.

    Attributes:
        template: (1, Nz, C) tokens of the first frame's template; never changed.
        first_box: Given box, centre and size in image px.
        image_size: ``(width, height)`` of the first frame, and so of all.
        box: Last box, centre and size in image px.
        sure_box: Last box with a score that shows the target, see :meth:`LostDetector.is_sure`;
            at first the given one.
        template_token: (1, C) mean token of the target in the template.
        lost_detector: Lost-target detector of the video.
        confidence: Cues to score; None where the peak is the score.
        cues: Cues of the last frame, None before the first.
        frame: Frames tracked since the initialisation.
        store: The Target Store, None where temporal adaptation is off.
        active_template: (1, Nz, C) template in use: ``template``, or its blend with the store's
            views.
        temporal: (1, Nt, C) tokens in the temporal slot, None where it is empty.
        network: Network of the search frames, with its ``keep``; set by the tracker.
    """

    template: Array
    first_box: Box
    image_size: Tuple[int, int]
    box: Box
    sure_box: Box
    active_template: Array
    template_token: Array
    lost_detector: LostDetector
    confidence: Optional[CalibratedConfidence] = None
    cues: Optional[Cues] = None
    frame: int = 0
    store: Optional[TargetStore] = None
    temporal: Optional[Array] = None
    network: Any = None
    _kept: Tuple[Array, ...] = ()
    _kept_of: Tuple[Optional[Array], ...] = ()

    def kept_tokens(self) -> Tuple[Array, ...]:
        """Template and temporal tokens as the network takes them, made anew when they change."""
        given = self.active_template, self.temporal
        if len(self._kept_of) != 2 or any(a is not b for a, b in zip(given, self._kept_of)):
            self._kept, self._kept_of = self.network.keep(*given), given
        return self._kept


def search_window(state: TrackerState, settings: Mapping[str, Any]) -> CropWindow:
    """Window of the search crop, around the last box, by the tracker's ``test_cfg``.

    While the target is lost the boxes show something else, and a crop of their size shrinks or
    grows. It grows to three times the one around the last sure box at most (in OSTrack's
    convention as OSTrack does, without a bound). A ``lost_search_factor`` gives the crop the size
    of the last sure box, times that factor. No box is larger than the image.
    """
    factor = settings['search_factor']
    if not state.lost_detector.lost:
        return CropWindow.around(state.box, factor)
    cx, cy, w, h = state.box
    if settings['lost_search_factor'] is not None:
        (_, _, w, h), factor = state.sure_box, settings['lost_search_factor']
    elif settings['compat'] is None:
        _, _, sure_w, sure_h = state.sure_box
        shrink = min(1.0, _LOST_GROWTH * math.sqrt(sure_w * sure_h / (w * h)))
        w, h = w * shrink, h * shrink
    return CropWindow.around((cx, cy, w, h), factor)


def smooth_size(box: Box, other: Box, weight: float) -> Box:
    """A box whose size is mixed with another's by ``weight``, on the scale of logarithms."""
    if not weight:
        return box
    cx, cy, w, h = box
    return cx, cy, w ** (1 - weight) * other[2] ** weight, h ** (1 - weight) * other[3] ** weight
