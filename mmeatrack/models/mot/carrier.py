"""Tracker of many targets whose boxes a detector corrects."""

from mmeatrack.multi import MultiTracker
from mmeatrack.structures.boxes import Box


class Carrier(MultiTracker):
    """A :class:`MultiTracker` that takes corrections."""

    def move(self, id: int, box_xywh: Box) -> None:
        """Go on from a box of the present frame; template and score stay.

        Args:
            id: The target.
            box_xywh: x, y, w, h in image px.

        Raises:
            KeyError: If there is no such target.
        """
        target = self._find(id)
        x, y, w, h = box_xywh
        target.state.box = target.state.sure_box = (x + w / 2, y + h / 2, w, h)
        target.alone_box = target.state.box
