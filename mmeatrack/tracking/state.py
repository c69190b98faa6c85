"""State of the tracking of one video, and the steps around the network that change it."""

import copy
import math
from dataclasses import dataclass
from typing import Any, Callable, Mapping, NamedTuple, Optional, Sequence, Tuple

from mmeatrack.structures import CropWindow
from mmeatrack.structures.boxes import Box
from mmeatrack.structures.conventions import CONVENTIONS
from mmeatrack.tracking.activation import Array
from mmeatrack.tracking.calibrated_confidence import CalibratedConfidence, Cues, size_change
from mmeatrack.tracking.lost_detector import LostDetector
from mmeatrack.tracking.target_store import TargetStore

# Largest side of a lost target's window over that around the last sure box.
_LOST_GROWTH = 3.0


class VideoParts(NamedTuple):
    """Parts of which every video gets copies, built once to check their configs."""

    lost_detector: LostDetector
    confidence: Optional[CalibratedConfidence] = None
    store: Optional[TargetStore] = None


@dataclass
class TrackerState:
    """State of the tracking of one target in one video.

    Attributes:
        template: (1, Nz, C) tokens of the template in the first frame; never changed.
        first_box: Given box, centre and size in image px.
        image_size: ``(width, height)`` of all frames.
        box: Last box, centre and size in image px.
        sure_box: Last box with a score that shows the target, see :meth:`LostDetector.is_sure`;
            at first the given one.
        active_template: (1, Nz, C) template in use: ``template``, or its blend with stored views.
        template_token: (1, C) mean token of the target in the template.
        lost_detector: Lost-target detector of the video.
        confidence: Calibrated confidence; None if the peak is the score.
        cues: Cues of the last frame, None before the first.
        frame: Frames tracked since the initialisation.
        store: Target Store, None without temporal adaptation.
        temporal: (1, Nt, C) tokens in the temporal slot, None if it is empty.
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
    _kept_of: Tuple[Optional[Array], ...] = (None, None)

    def kept_tokens(self) -> Tuple[Array, ...]:
        """Network input from template and temporal tokens, computed again when they change."""
        given = self.active_template, self.temporal
        if any(a is not b for a, b in zip(given, self._kept_of)):
            self._kept, self._kept_of = self.network.keep(*given), given
        return self._kept


def begin(
    template: Array,
    template_token: Array,
    box: Box,
    image_size: Tuple[int, int],
    parts: VideoParts,
    settings: Mapping[str, Any],
) -> TrackerState:
    """Return the state of a video after its first frame, with copies of the parts.

    Arguments are those of :class:`TrackerState`, and the tracker's ``test_cfg``.
    """
    return TrackerState(
        template=template,
        first_box=box,
        image_size=image_size,
        box=box,
        sure_box=box,
        active_template=template,
        template_token=template_token,
        temporal=template if settings['fill_slot'] else None,
        **copy.deepcopy(parts)._asdict(),
    )


def search_window(state: TrackerState, settings: Mapping[str, Any]) -> CropWindow:
    """Window of the search crop around the last box, by the tracker's ``test_cfg``.

    While the target is lost, its boxes show something else, and windows of their size shrink or
    grow. They grow to at most three times the window around the last sure box (in OSTrack's
    convention without a bound). With a ``lost_search_factor``, the size is that factor times the
    last sure box.
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


def advance(
    state: TrackerState, box: Box, cues: Sequence[float], settings: Mapping[str, Any]
) -> Tuple[float, bool]:
    """Update the state with the network's result for a frame.

    Args:
        state: State whose box, cues and lost detector are updated.
        box: Predicted box, centre and size in image px.
        cues: Peak, side lobe and agreement, see :class:`Cues`.
        settings: The tracker's ``test_cfg``.

    Returns:
        The score, 0 to 1, and whether the target is lost.

    Raises:
        RuntimeError: If the result is not finite.
    """
    if not all(map(math.isfinite, (*box, *cues))):
        raise RuntimeError(
            f'the network gave the box {tuple(box)} and the cues {tuple(cues)}, which are not '
            'finite: its weights are damaged, or half precision overflows (use float32).'
        )
    box = smooth_size(box, state.box, settings['size_smoothing'])
    box = smooth_size(box, state.first_box, settings['size_prior'])
    clip_box = CONVENTIONS[settings['compat']].clip
    state.box = clip_box(box, state.image_size, settings['margin'])
    peak, side_lobe, agreement = cues
    state.cues = Cues(peak, side_lobe, agreement, size_change(state.first_box, state.box))
    score = peak if state.confidence is None else state.confidence.update(state.cues)
    lost = state.lost_detector.update(score)
    if state.lost_detector.is_sure(score):
        state.sure_box = state.box
    return score, lost


def smooth_size(box: Box, other: Box, weight: float) -> Box:
    """Mix the size of a box with another's by ``weight``, on a logarithmic scale."""
    cx, cy, w, h = box
    return cx, cy, w ** (1 - weight) * other[2] ** weight, h ** (1 - weight) * other[3] ** weight


def adapt(
    state: TrackerState,
    score: float,
    cut: Callable[[Box], Callable[[], Array]],
    settings: Mapping[str, Any],
) -> None:
    """Offer the frame to the store, and use its tokens when an activation is due.

    The template crop is cut in this call: users draw on frames, and cameras overwrite them.

    Args:
        state: State of the video.
        score: Score of the frame.
        cut: Function that cuts the template crop of a box out of this frame, and returns a function
            that encodes it to (1, Nz, C) tokens.
        settings: The tracker's ``test_cfg``.
    """
    if state.store is None or state.lost_detector.lost:
        return
    view = _View()
    if state.store.offer(state.frame, score, state.box, view):
        view.encode = cut(state.box)
    if state.store.due(state.frame, score):
        state.active_template, temporal = state.store.read(state.template)
        fills = temporal is None and settings['fill_slot']
        state.temporal = state.active_template if fills else temporal


class _View:
    """Template crop that is cut after the frame has become the store's candidate."""

    encode: Callable[[], Array]

    def __call__(self) -> Array:
        return self.encode()
