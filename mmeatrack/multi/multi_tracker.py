"""Tracking of many targets: their crops in one batch, everything else apart for each."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Dict, List, Optional, Sequence, Set

import numpy as np

from mmeatrack.multi.crossings import Crossings, iou
from mmeatrack.multi.network import Network
from mmeatrack.multi.redetection import Sweep
from mmeatrack.multi.rules import TrackRules
from mmeatrack.multi.status import StatusKeeper, Track
from mmeatrack.structures import CropWindow, check_target_box
from mmeatrack.structures.boxes import Box, cxcywh_to_xywh, xywh_to_cxcywh
from mmeatrack.structures.checks import check_frame, check_size, image_size, warn_of_box
from mmeatrack.tracking import TrackerState, adapt, advance, search_window


@dataclass
class _Target:
    """A target: state of its tracking, its status, and what the rules keep of it."""

    state: TrackerState
    status: StatusKeeper
    alone_box: Box
    unsure: int = 0
    sweep: Optional[Sweep] = None
    rival: Optional[int] = None


class MultiTracker:
    """Tracker of many targets: N boxes in, N tracks out.

    The crops of all targets go through the network in one batch. Each target has its own template,
    Target Store, lost detector and score, and its boxes are those of a tracker of its own until it
    is lost and a sweep looks for it, or two tracks come to lie on one object.

    Args:
        model: Tracker of :func:`load_tracker`, or another :class:`Network`.
        rules: Rules for uncertain, lost, found and crossing targets; by default
            ``TrackRules()``. With ``TrackRules(unsure_for=None, sweep=0, crossing_frames=None)``
            each target's boxes are those of a tracker of its own for good.

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
        self._crossings = Crossings(self.rules)

    @property
    def ids(self) -> List[int]:
        """Ids of the present targets, in the order in which they came."""
        return list(self._targets)

    def add(self, image: np.ndarray, bbox: Sequence[float], id: Optional[int] = None) -> int:
        """Take a new target on.

        Args:
            image: Frame (H, W, 3), uint8, BGR, that shows it: the last one tracked, or the next.
            bbox: x, y, w, h in image px.
            id: Its id, a whole number of 0 or more that no target had before; by default the next.

        Returns:
            The id. Ids are never reused.

        Raises:
            ValueError: If the box is empty, not finite or outside the frame, the id was given
                before, or the frame is of another kind or size. The other targets go on.
        """
        key = self._new_id(id)
        self._targets[key] = self._start(image, bbox)
        self._used.add(key)
        return key

    def remove(self, id: Optional[int] = None) -> None:
        """Let a target go.

        Raises:
            KeyError: If there is no such target, or several and no id.
        """
        self._find(id)
        del self._targets[self.ids[0] if id is None else id]

    def track(self, image: np.ndarray) -> List[Track]:
        """Follow all targets into the next frame.

        Args:
            image: Frame (H, W, 3), uint8, BGR.

        Returns:
            A track of each target, in the order in which they came. One that was lost for too long
            is reported a last time as 'removed'.

        Raises:
            ValueError: If the frame is of another kind or size. Nothing is changed then.
        """
        img = self._checked_image(image)
        if not self._targets:
            return []
        settings = self._network.test_cfg
        targets = list(self._targets.values())
        sweeps = [self._sweep_windows(target) for target in targets]
        windows = [search_window(target.state, settings) for target in targets]
        states = [target.state for target in targets]
        for target, extra in zip(targets, sweeps):
            windows += extra
            # Conventions of other projects place the found box by the last one.
            states += [replace(target.state, box=_whole(window)) for window in extra]
        found = self._network.locate(img, windows, states)
        scores = {}
        begin = len(targets)
        for (key, target), own, extra in zip(self._targets.items(), found, sweeps):
            scores[key] = self._advance(target, img, *own)
            if target.sweep is not None:
                candidates = [own, *found[begin : begin + len(extra)]]
                target.sweep.resolve(target.state, candidates, scores[key])
            begin += len(extra)
        self._resolve_crossings()
        return [self._report(key, score) for key, score in scores.items()]

    def refresh_template(
        self, image: np.ndarray, bbox: Optional[Sequence[float]] = None, id: Optional[int] = None
    ) -> None:
        """Take a new view of a target as its template.

        The view replaces the template that was given before, not the views of the Target Store.

        Args:
            image: Frame that shows the target.
            bbox: Its box x, y, w, h in image px, where the tracking goes on; by default the last
                one.
            id: The target; not needed where there is only one.

        Raises:
            KeyError: If there is no such target, or several and no id.
            ValueError: As for :meth:`add`, or if the target is lost and no box is given.
        """
        target = self._find(id)
        state = target.state
        if bbox is None and state.lost_detector.lost:
            raise ValueError('the target is lost: its last box shows something else. Give its box.')
        given = cxcywh_to_xywh(state.box) if bbox is None else bbox
        fresh = self._start(image, given).state
        if bbox is not None:
            state.first_box = state.sure_box = state.box = target.alone_box = fresh.box
            state.lost_detector, state.confidence = fresh.lost_detector, fresh.confidence
            target.status.restart(fresh.box)
            target.sweep = None
        state.template, state.template_token = fresh.template, fresh.template_token
        state.active_template, state.temporal = fresh.active_template, fresh.temporal
        if state.store is not None and state.store.entries:
            state.active_template, temporal = state.store.read(state.template)
            state.temporal = state.temporal if temporal is None else temporal

    def replace_target(
        self, image: np.ndarray, bbox: Sequence[float], id: Optional[int] = None
    ) -> None:
        """Follow another object under the id of a target; nothing of the former one is kept.

        Args:
            image: Frame that shows it.
            bbox: Its box x, y, w, h in image px.
            id: The target; not needed where there is only one.

        Raises:
            KeyError, ValueError: As for :meth:`refresh_template`.
        """
        self._find(id)
        key = self.ids[0] if id is None else id
        self._targets[key] = self._start(image, bbox)

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

    def _find(self, id: Optional[int]) -> _Target:
        if id is None and len(self._targets) == 1:
            return next(iter(self._targets.values()))
        if id is None or id not in self._targets:
            raise KeyError(f'id={id}: there is no such target; there are {self.ids}.')
        return self._targets[id]

    def _advance(self, target: _Target, img: Any, box: Box, cues: List[float]) -> float:
        """Take a target's result in; return its score."""
        state, settings = target.state, self._network.test_cfg
        state.frame += 1
        if self._is_rivals(target, box):
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

    def _sweep_windows(self, target: _Target) -> List[CropWindow]:
        """Windows of the sweep in this frame; none for a target that was not lost lately."""
        state = target.state
        if target.sweep is not None and target.sweep.is_over(state):
            target.sweep = None
        if target.sweep is None:
            if not state.lost_detector.lost or not self.rules.sweep:
                return []
            factor = self._network.test_cfg['search_factor']
            target.sweep = Sweep(state.sure_box, self._size, factor, self.rules.sweep_growth)
        return target.sweep.take(self.rules.sweep)

    def _is_rivals(self, target: _Target, box: Box) -> bool:
        """True if a target that fell back has found another's object again."""
        rival = None if target.rival is None else self._targets.get(target.rival)
        if rival is None or not target.state.lost_detector.lost:
            return False
        return iou(box, rival.state.box) >= self.rules.crossing_overlap

    def _resolve_crossings(self) -> None:
        """Send the weaker of two tracks on one object back to where it was last alone."""
        if self.rules.crossing_frames is None:
            return
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


def _whole(window: CropWindow) -> Box:
    """The window as a box, centre and size in image px."""
    return window.x1 + window.size / 2, window.y1 + window.size / 2, window.size, window.size
