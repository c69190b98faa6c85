"""Association of detections with tracked targets: matches, births, confirmation and removal."""

from dataclasses import dataclass
from typing import Dict, List, Mapping, NamedTuple, Sequence, Set, Union

import numpy as np
import torch
from mmdet.structures.bbox import bbox_overlaps
from scipy.optimize import linear_sum_assignment

from mmeatrack.structures.checks import check_counts, check_shares

Boxes = Union[np.ndarray, Sequence[Sequence[float]]]


class Detections(NamedTuple):
    """Detections of one frame.

    Attributes:
        boxes: (D, 4) x1, y1, x2, y2 in image px.
        scores: (D,) 0 to 1.
        labels: (D,) index of the class.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class AssociationRules:
    """Rules by which detections and tracks become targets.

    Attributes:
        high: Score from which a detection is matched first [1] and may find a lost target.
        low: Score from which it may still confirm a tracked target.
        birth: Score from which an unmatched detection becomes a target.
        match: Least IoU of a match with a high detection.
        match_low: Least IoU of a match with a low detection.
        confirm: Consecutive detections that confirm a target; in the first frame one is enough.
        report_unconfirmed: Whether targets that may be false alarms are reported.
        silent_after: Detector runs without a match after which a target is no longer reported.
        remove_after: Frames without a match after which it is removed.

    References:
        [1] Zhang et al. (ByteTrack), ECCV 2022, https://arxiv.org/abs/2110.06864

    Raises:
        ValueError: If a value is out of range.
    """

    high: float = 0.6
    low: float = 0.1
    birth: float = 0.7
    match: float = 0.3
    match_low: float = 0.5
    confirm: int = 2
    report_unconfirmed: bool = True
    silent_after: int = 10
    remove_after: int = 30

    def __post_init__(self) -> None:
        rules = vars(self)
        check_shares(**{k: rules[k] for k in ('high', 'low', 'birth', 'match', 'match_low')})
        check_counts(**{k: rules[k] for k in ('confirm', 'silent_after', 'remove_after')})
        if not self.low <= self.high <= self.birth:
            raise ValueError(
                f'low={self.low}, high={self.high} and birth={self.birth} must not decrease.'
            )


@dataclass
class Record:
    """Matches of a target with detections.

    Attributes:
        label: Index of its class.
        seen: Frame of its last match.
        hits: Number of matches.
        misses: Detector runs since its last match.
        confirmed: Whether it had enough matches, see :class:`AssociationRules`.
    """

    label: int
    seen: int
    hits: int = 1
    misses: int = 0
    confirmed: bool = False


class Outcome(NamedTuple):
    """Outcome of an association.

    Attributes:
        matches: Indices of detections by id of their target.
        births: Indices of detections that become targets.
        removed: Ids of removed targets.
    """

    matches: Dict[int, int]
    births: List[int]
    removed: List[int]


class Association:
    """Records of the targets of one video."""

    def __init__(self, rules: AssociationRules) -> None:
        self.rules = rules
        self.records: Dict[int, Record] = {}

    def begin(self, key: int, label: int, frame: int, confirmed: bool) -> None:
        """Add a new target."""
        self.records[key] = Record(label, frame, confirmed=confirmed or self.rules.confirm == 1)

    def keep(self, keys: Sequence[int]) -> None:
        """Drop all targets but these."""
        self.records = {key: each for key, each in self.records.items() if key in keys}

    def is_reported(self, key: int) -> bool:
        """True if a target counts and was detected recently."""
        record = self.records[key]
        counts = record.confirmed or self.rules.report_unconfirmed
        return counts and record.misses < self.rules.silent_after

    def update(
        self, tracked: Mapping[int, Sequence[float]], lost: Set[int], found: Detections, frame: int
    ) -> Outcome:
        """Match detections with targets and update the records.

        Targets and detections of the same class are matched with the largest sum of IoUs: tracked
        targets first with high, then with low detections, and last lost ones with high detections.

        Args:
            tracked: Tracked or extrapolated box x1, y1, x2, y2 in image px by id of its target.
            lost: Ids of lost targets.
            found: Detections.
            frame: Frame number, from 0.
        """
        rules, keys = self.rules, sorted(tracked)
        iou = pairwise_iou([tracked[key] for key in keys], found.boxes)  # (T, D)
        labels = np.array([self.records[key].label for key in keys], dtype=int)
        same_class = labels[:, None] == found.labels
        left, free = np.ones(len(keys), bool), np.ones(len(found.boxes), bool)
        is_lost = np.isin(keys, list(lost))
        is_high, is_low = (found.scores >= least for least in (rules.high, rules.low))
        matches: Dict[int, int] = {}
        for targets, detections, least in (
            (~is_lost, is_high, rules.match),
            (~is_lost, is_low & ~is_high, rules.match_low),
            (is_lost, is_high, rules.match),
        ):
            rows, columns = np.flatnonzero(targets & left), np.flatnonzero(detections & free)
            part = np.ix_(rows, columns)
            overlap = np.where(same_class[part] & (iou[part] >= least), iou[part], 0)
            for i, j in zip(*linear_sum_assignment(-overlap)):
                if overlap[i, j] > 0:
                    matches[keys[rows[i]]] = int(columns[j])
                    left[rows[i]] = free[columns[j]] = False
        removed = self._update_records(matches, frame)
        births = np.flatnonzero(is_high & free & (found.scores >= rules.birth))
        is_present = ~is_lost & np.array([key in self.records for key in keys], dtype=bool)
        if is_present.any():
            births = births[iou[is_present][:, births].max(axis=0) < rules.match_low]
        return Outcome(matches, births.tolist(), removed)

    def _update_records(self, matches: Dict[int, int], frame: int) -> List[int]:
        """Count matches and misses; return the ids of removed targets."""
        removed = []
        for key, record in self.records.items():
            if key in matches:
                record.seen, record.hits, record.misses = frame, record.hits + 1, 0
                record.confirmed |= record.hits >= self.rules.confirm
            else:
                record.misses += 1
                if not record.confirmed or frame - record.seen >= self.rules.remove_after:
                    removed.append(key)
        for key in removed:
            del self.records[key]
        return removed


def pairwise_iou(first: Boxes, second: Boxes) -> np.ndarray:
    """IoU (N, M) of boxes (N, 4) and (M, 4), x1, y1, x2, y2."""
    overlaps: torch.Tensor = bbox_overlaps(
        *(torch.from_numpy(np.reshape(boxes, (-1, 4)).astype(float)) for boxes in (first, second))
    )
    return overlaps.numpy()
