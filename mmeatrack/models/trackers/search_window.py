"""Where the tracker looks for its target in the next frame."""

from typing import Optional

from mmeatrack.models.trackers.state import TrackerState
from mmeatrack.structures import CropWindow


def search_window(
    state: TrackerState, search_factor: float, lost_search_factor: Optional[float]
) -> CropWindow:
    """Window of the search crop, around the last box.

    While the target is lost the boxes are of something else, and crops that take their size from
    them shrink or grow without end. With a ``lost_search_factor`` they then keep the size that the
    target had when it was last seen for sure, times that factor.

    Args:
        state: The video so far.
        search_factor: Crop side over the target's mean side.
        lost_search_factor: That while the target is lost; None looks on as if it were not.
    """
    if lost_search_factor is None or not state.lost_detector.lost:
        return CropWindow.around(state.box, search_factor)
    (cx, cy, _, _), (_, _, w, h) = state.box, state.sure_box
    return CropWindow.around((cx, cy, w, h), lost_search_factor)
