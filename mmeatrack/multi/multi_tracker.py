"""Tracking of many targets: crops in one batch, everything else per target."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import Any, Callable, Dict, List, Mapping, Optional, Protocol, Sequence, Set, Tuple

import numpy as np

from mmeatrack.multi.crossings import Crossings, iou
from mmeatrack.multi.redetection import Sweep
from mmeatrack.multi.status import StatusKeeper, Track, TrackRules
from mmeatrack.structures import CropWindow, check_target_box
from mmeatrack.structures.boxes import Box, cxcywh_to_xywh, xywh_to_cxcywh
from mmeatrack.structures.checks import check_frame, check_size, image_size, warn_of_box
from mmeatrack.tracking import TrackerState, adapt, advance, search_window
from mmeatrack.tracking.activation import Array


class Network(Protocol):
    """Tracker network, in PyTorch or deployed, without any state of a video.

    Attributes:
        test_cfg: Settings of tracking, see :class:`EATrack`.
    """

    test_cfg: Mapping[str, Any]

    def as_image(self, frame: np.ndarray) -> Any:
        """Convert a frame (H, W, 3), uint8, BGR, to the input of the other methods."""

    def start(self, img: Any, box: Box) -> TrackerState:
        """Return the state of a target; its checked box is centre and size in image px."""

    def cut_template(self, img: Any, box: Box) -> Callable[[], Array]:
        """Return a function that encodes the template crop around a box to tokens (1, Nz, C).

        The crop is cut at once: the image may change before the function is called.
        """

    def locate(
        self, img: Any, windows: Sequence[CropWindow], states: Sequence[TrackerState]
    ) -> List[Tuple[Box, List[float]]]:
        """Box (centre and size in image px), and peak, side lobe and agreement per window."""


@dataclass
class _Target:
    """A target with its status and what the rules remember of it.

    ``alone_box`` is its last box that overlapped no other target, ``unsure`` the number of
    consecutive frames without a sure score, ``rival`` the target that it lost a crossing to.
    """

    state: TrackerState
    status: StatusKeeper
    alone_box: Box
    unsure: int = 0
    sweep: Optional[Sweep] = None
    rival: Optional[int] = None


class MultiTracker:
    """Tracker of many targets: N boxes in, N tracks out.

    The crops of all targets go through the network in one batch. Each target has its own template,
    Target Store, lost detector and score. Its boxes are those of a single-target tracker until a
    sweep searches for it after a loss, or two tracks come to lie on one object.

    Args:
        model: Tracker of :func:`load_tracker`, or another :class:`Network`.
        rules: Rules for uncertain, lost, found and crossing targets; by default ``TrackRules()``.
            With ``TrackRules(unsure_for=None, sweep=0, crossing_frames=None)`` the boxes are always
            those of single-target trackers.

    Example:
        >>> from mmeatrack import MultiTracker
        >>> from mmeatrack.apis import load_tracker, open_frames
        >>> frames = iter(open_frames('flight.mp4'))
        >>> tracker = MultiTracker(load_tracker('student.py', 'student.pth'))
        >>> first = next(frames)
        >>> tracker.add(first, (70, 50, 20, 20)), tracker.add(first, (20, 30, 16, 16))
        (1, 2)
        >>> for frame in frames:
        ...     for track in tracker.track(frame):
        ...         x, y, w, h = track.box_xywh
    """

    def __init__(self, model: Any, rules: Optional[TrackRules] = None) -> None:
        network = getattr(model, 'student', model)
        missing = [name for name in ('as_image', 'start', 'locate') if not hasattr(network, name)]
        if missing:
            raise TypeError(
                f'{type(network).__name__} has no {missing}: give an mmeatrack.EATrack, or another '
                'mmeatrack.multi.Network.'
            )
        if not isinstance(rules, (TrackRules, type(None))):
            raise TypeError(f'rules={rules!r}: give mmeatrack.multi.TrackRules(...), or None.')
        self._network: Network = network
        self.rules = rules or TrackRules()
        self._targets: Dict[int, _Target] = {}
        self._used: Set[int] = set()
        self._size = (0, 0)
        self._crossings = Crossings(self.rules.crossing_overlap, self.rules.crossing_frames or 1)

    @property
    def ids(self) -> List[int]:
        """Ids of the present targets, in the order of their addition."""
        return list(self._targets)

    def add(self, image: np.ndarray, bbox: Sequence[float], id: Optional[int] = None) -> int:
        """Add a target.

        Args:
            image: Frame (H, W, 3), uint8, BGR, that shows it: the last one tracked, or the next.
            bbox: x, y, w, h in image px.
            id: A whole number of 0 or more that no target has had before; by default the next.

        Returns:
            The id. Ids are never reused.

        Raises:
            ValueError: If the box is empty, not finite or outside the frame, the id was given
                before, or the frame is invalid or of another size. Nothing is changed then.
        """
        key = self._new_id(id)
        self._targets[key] = self._start(image, bbox)
        self._used.add(key)
        return key

    def remove(self, id: Optional[int] = None) -> None:
        """Remove a target; KeyError if there is no such target, or several and no id."""
        del self._targets[self._key(id)]

    def track(self, image: np.ndarray) -> List[Track]:
        """Track all targets in the next frame.

        Args:
            image: Frame (H, W, 3), uint8, BGR.

        Returns:
            A track per target, in the order of their addition. A target that was lost for too long
            is reported a last time as 'removed'.

        Raises:
            ValueError: If the frame is invalid or of another size. Nothing is changed then.
        """
        img = self._checked_image(image)
        if not self._targets:
            return []
        searches = [self._searches(target) for target in self._targets.values()]
        windows, states = zip(*chain(*searches))
        found = iter(self._network.locate(img, windows, states))
        scores = {}
        for (key, target), given in zip(self._targets.items(), searches):
            results = list(islice(found, len(given)))
            scores[key] = self._advance(target, img, *results[0])
            if target.sweep is not None:
                target.sweep.resolve(target.state, results, scores[key])
        if self.rules.crossing_frames is not None:
            self._resolve_crossings()
        return [self._report(key, score) for key, score in scores.items()]

    def refresh_template(
        self, image: np.ndarray, bbox: Optional[Sequence[float]] = None, id: Optional[int] = None
    ) -> None:
        """Replace a target's template by a new view of it; the Target Store keeps its views.

        Args:
            image: Frame that shows the target.
            bbox: Its box x, y, w, h in image px, from which tracking continues; by default the last
                one.
            id: The target; may be omitted if there is only one.

        Raises:
            KeyError: If there is no such target, or several and no id.
            ValueError: As for :meth:`add`, or if the target is lost and no box is given.
        """
        target = self._targets[self._key(id)]
        state = target.state
        if bbox is None and state.lost_detector.lost:
            raise ValueError('the target is lost: its last box shows something else. Give its box.')
        given = cxcywh_to_xywh(state.box) if bbox is None else bbox
        fresh = self._start(image, given).state
        if bbox is not None:
            state.first_box = state.sure_box = state.box = target.alone_box = fresh.box
            state.lost_detector, state.confidence = fresh.lost_detector, fresh.confidence
            target.status.restart(fresh.box)
            target.sweep, target.unsure = None, 0
        state.template, state.template_token = fresh.template, fresh.template_token
        state.active_template, state.temporal = fresh.active_template, fresh.temporal
        if state.store is not None and state.store.entries:
            state.active_template, temporal = state.store.read(state.template)
            state.temporal = state.temporal if temporal is None else temporal

    def replace_target(
        self, image: np.ndarray, bbox: Sequence[float], id: Optional[int] = None
    ) -> None:
        """Track another object under a target's id; nothing of the former target is kept.

        The arguments and errors are those of :meth:`refresh_template`.
        """
        self._targets[self._key(id)] = self._start(image, bbox)

    def _start(self, image: np.ndarray, bbox: Sequence[float]) -> _Target:
        img = self._checked_image(image)
        given = check_target_box(bbox, self._size)
        warn_of_box(given, self._size)
        box = xywh_to_cxcywh(given)
        return _Target(self._network.start(img, box), StatusKeeper(box, self.rules), box)

    def _checked_image(self, image: np.ndarray) -> Any:
        check_frame(image, 'the frame')
        if self._targets:
            check_size(image_size(image), self._size, 'the frame')
        self._size = image_size(image)
        return self._network.as_image(image)

    def _new_id(self, given: Optional[int]) -> int:
        if given is None:
            return max(self._used, default=0) + 1
        whole = isinstance(given, (int, np.integer)) and not isinstance(given, bool)
        if not whole or given < 0:
            raise ValueError(f'id={given!r}: give a whole number of 0 or more, or none.')
        if given in self._used:
            raise ValueError(f'id={given} was given before; ids are never reused. Give another.')
        return int(given)

    def _key(self, id: Optional[int]) -> int:
        if id is None and len(self._targets) == 1:
            return self.ids[0]
        if id is None or id not in self._targets:
            raise KeyError(f'id={id}: there is no such target; there are {self.ids}.')
        return id

    def _searches(self, target: _Target) -> List[Tuple[CropWindow, TrackerState]]:
        """Search windows of a target with its state: the regular one, then those of a sweep."""
        state, settings = target.state, self._network.test_cfg
        regular = search_window(state, settings)
        if target.sweep is not None and target.sweep.is_over(state):
            target.sweep = None
        if target.sweep is None and state.lost_detector.lost and self.rules.sweep:
            factor = settings['search_factor']
            target.sweep = Sweep(state.sure_box, self._size, factor, self.rules.sweep_growth)
        windows = [] if target.sweep is None else target.sweep.take(self.rules.sweep)
        # Other conventions place the found box relative to the last one.
        return [(regular, state), *((each, replace(state, box=_as_box(each))) for each in windows)]

    def _advance(self, target: _Target, img: Any, box: Box, cues: List[float]) -> float:
        """Update a target with its result; return its score."""
        state, settings = target.state, self._network.test_cfg
        state.frame += 1
        if self._is_on_rival(target, box):
            state.lost_detector.update(0.0)
            return 0.0
        score, _ = advance(state, box, cues, settings)
        target.unsure = 0 if state.lost_detector.is_sure(score) else target.unsure + 1
        if target.unsure == self.rules.unsure_for and not state.lost_detector.lost:
            state.lost_detector.declare_lost()
        if not state.lost_detector.lost:
            target.rival = None
        if target.sweep is None:
            adapt(state, score, partial(self._network.cut_template, img), settings)
        return score

    def _is_on_rival(self, target: _Target, box: Box) -> bool:
        """True if a target that fell back has found its rival's object again."""
        rival = None if target.rival is None else self._targets.get(target.rival)
        if rival is None or not target.state.lost_detector.lost:
            return False
        return iou(box, rival.state.box) >= self.rules.crossing_overlap

    def _resolve_crossings(self) -> None:
        """Send the weaker of two tracks on one object back to where it was last alone."""
        seen = {k: t.state for k, t in self._targets.items() if not t.state.lost_detector.lost}
        for loser, owner in self._crossings.weaker(seen).items():
            target = self._targets[loser]
            target.state.box = target.state.sure_box = target.alone_box
            target.state.lost_detector.declare_lost()
            target.rival = owner
        for key, state in seen.items():
            if not state.lost_detector.lost and self._crossings.is_alone(key):
                self._targets[key].alone_box = state.sure_box

    def _report(self, key: int, score: float) -> Track:
        target = self._targets[key]
        state = target.state
        status = target.status.update(state.box, score, state.lost_detector, self._size)
        if status.state == 'lost' and status.frames == self.rules.remove_after:
            del self._targets[key]
            status = status._replace(state='removed', frames=1)
        return Track(key, cxcywh_to_xywh(state.box), score, state.lost_detector.lost, status)


def _as_box(window: CropWindow) -> Box:
    return window.x1 + window.size / 2, window.y1 + window.size / 2, window.size, window.size
