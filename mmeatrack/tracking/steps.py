"""Steps of a tracking around the network: start, result of a frame, temporal adaptation."""

import copy
import math
from functools import partial
from typing import Any, Callable, Mapping, NamedTuple, Optional, Sequence, Tuple

from mmeatrack.structures.boxes import Box
from mmeatrack.structures.conventions import CONVENTIONS
from mmeatrack.tracking.activation import Array
from mmeatrack.tracking.calibrated_confidence import CalibratedConfidence, Cues, size_change
from mmeatrack.tracking.lost_detector import LostDetector
from mmeatrack.tracking.state import TrackerState, smooth_size
from mmeatrack.tracking.target_store import TargetStore


class VideoParts(NamedTuple):
    """Parts that every video gets copies of, built once so that their configs are checked."""

    lost_detector: LostDetector
    confidence: Optional[CalibratedConfidence] = None
    store: Optional[TargetStore] = None


def begin(
    template: Array,
    template_token: Array,
    box: Box,
    image_size: Tuple[int, int],
    parts: VideoParts,
    settings: Mapping[str, Any],
) -> TrackerState:
    """State of a video whose first frame shows the target.

    Args:
        template: (1, Nz, C) tokens of its template crop.
        template_token: (1, C) mean token of the target in it.
        box: Given box, centre and size in image px.
        image_size: ``(width, height)`` of the image.
        parts: Parts that the video gets copies of.
        settings: The tracker's ``test_cfg``.
    """
    own = copy.deepcopy(parts)
    return TrackerState(
        template=template,
        first_box=box,
        image_size=image_size,
        box=box,
        sure_box=box,
        active_template=template,
        template_token=template_token,
        lost_detector=own.lost_detector,
        confidence=own.confidence,
        store=own.store,
        temporal=template if settings['fill_slot'] else None,
    )


def advance(
    state: TrackerState,
    box: Box,
    cues: Sequence[float],
    settings: Mapping[str, Any],
) -> Tuple[float, bool]:
    """Take the network's result of a frame into the state.

    Args:
        state: State of the video; its box, cues and lost detector are brought up to date.
        box: Predicted box, centre and size in image px.
        cues: Peak, side lobe and agreement, see :class:`Cues`.
        settings: The tracker's ``test_cfg``.

    Returns:
        Score, 0 to 1, and whether the target is lost.

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


def adapt(
    state: TrackerState,
    score: float,
    cut: Callable[[Box], Callable[[], Array]],
    settings: Mapping[str, Any],
) -> None:
    """Offer the frame to the store and, when it is due, take its tokens into use.

    The template crop is cut in this call: users draw on frames, and cameras write over them.

    Args:
        state: State of the video.
        score: Score of the frame.
        cut: Cuts a box's template crop out of this frame, and returns the function that encodes it
            to (1, Nz, C) tokens, which is called at the interval's end.
        settings: The tracker's ``test_cfg``.
    """
    if state.store is None or state.lost_detector.lost:
        return
    view = _View(partial(cut, state.box))
    if state.store.offer(state.frame, score, state.box, view):
        view.cut()
    if state.store.due(state.frame, score):
        state.active_template, temporal = state.store.read(state.template)
        fills = temporal is None and settings['fill_slot']
        state.temporal = state.active_template if fills else temporal


class _View:
    """Template crop of a frame, cut once it is a candidate of the store; encoded by a call."""

    def __init__(self, cut: Callable[[], Callable[[], Array]]) -> None:
        self._next: Callable[[], Any] = cut

    def cut(self) -> None:
        self._next = self._next()

    def __call__(self) -> Array:
        return self._next()
