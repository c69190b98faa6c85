"""Typed reports of trackers on a benchmark, and the scoring of raw result files into them."""

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from mmeatrack.evaluation.ope import (
    OPEScores,
    SequenceScores,
    mean_scores,
    resolve_valid_boxes,
    sequence_scores,
    valid_frames,
)
from mmeatrack.files.box_text import parse_result
from mmeatrack.files.ground_truth import GroundTruth
from mmeatrack.files.result_source import TrackerFiles

POLICY_TEXTS = {
    'miss': 'a frame without the target is neither a success nor precise',
    'sglatrack': 'a frame without the target is neither a success nor precise at 20 px, but '
    'precise by the normalised measure',
    'hit': 'a frame without the target is not a success but precise',
    'exclude': 'frames without the target are left out',
}
VALID_BOX_TEXTS = {
    'positive': 'the target is present where x, y, w and h of its box are > 0',
    'sized': 'the target is present where w and h of its box are > 0',
}


@dataclass(frozen=True)
class TrackerReport:
    """The report of one tracker on one benchmark.

    Attributes:
        scores: Mean scores, and those of each sequence.
        by_attribute: Mean scores over the sequences that have an attribute, by attribute.
        left_out: Reasons why sequences were not scored, by sequence.
        warnings: Sentences about results that were repaired or not read.
        speed: Frames per second and the machine, where they were measured.
        sequence_speeds: Frames per second by sequence, where they were measured.
    """

    scores: OPEScores
    by_attribute: Mapping[str, OPEScores] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    warnings: Tuple[str, ...] = ()
    speed: Optional[Mapping[str, Any]] = None
    sequence_speeds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def num_sequences(self) -> int:
        """Number of sequences that were scored."""
        return len(self.scores.per_sequence)

    @property
    def policy(self) -> str:
        """Sentence on how frames without a target were treated."""
        absent, valid_boxes = self.scores.absent, self.scores.valid_boxes
        return (
            f'absent={absent}, valid_boxes={valid_boxes}: {POLICY_TEXTS[absent]}; '
            f'{VALID_BOX_TEXTS[valid_boxes]}'
        )

    def as_dict(self) -> Dict[str, Any]:
        """Return the report as it is written to JSON; scores are between 0 and 1."""
        scores = self.scores
        entry: Dict[str, Any] = dict(
            scores.headline(),
            num_sequences=self.num_sequences,
            left_out=dict(self.left_out),
            absent=scores.absent,
            valid_boxes=scores.valid_boxes,
            policy=self.policy,
            success_curve=scores.success_curve.tolist(),
            precision_curve=scores.precision_curve.tolist(),
            norm_precision_curve=scores.norm_precision_curve.tolist(),
            per_attribute={
                name: dict(subset.headline(), num_sequences=len(subset.per_sequence))
                for name, subset in self.by_attribute.items()
            },
            per_sequence={
                name: dict(
                    sequence.headline(),
                    num_frames=sequence.num_frames,
                    num_absent=sequence.num_absent,
                    **self.sequence_speeds.get(name, {}),
                )
                for name, sequence in scores.per_sequence.items()
            },
            warnings=list(self.warnings),
        )
        if self.speed is not None:
            entry['speed'] = dict(self.speed)
        return entry


Report = Mapping[str, TrackerReport]
"""Reports by tracker, the best success AUC first."""


def score_trackers(
    ground_truth: GroundTruth,
    trackers: Sequence[TrackerFiles],
    absent: str = 'miss',
    valid_boxes: Optional[str] = None,
    attributes: Optional[Mapping[str, Sequence[str]]] = None,
    on_progress: Optional[Callable[[str], None]] = None,
    on_problem: Optional[Callable[[str], None]] = None,
) -> Dict[str, TrackerReport]:
    """Score trackers by their raw result files.

    A sequence that cannot be scored is left out of the mean; the report gives the reason. A result
    that is one box short repeats its last box, and a row that is not a box the row before it; the
    report's ``warnings`` name both.

    Args:
        ground_truth: The benchmark.
        trackers: The trackers' files.
        absent: See :func:`mmeatrack.evaluation.ope_scores`.
        valid_boxes: See there.
        attributes: Attribute names by sequence.
        on_progress: Called with each tracker's name before it is scored.
        on_problem: Called with the reason for each tracker that cannot be scored, if another one
            can. By default that is an error.

    Returns:
        Reports by tracker, the best success AUC first.

    Raises:
        ValueError: If a policy is unknown, two trackers have the same name, or a tracker has no
            result that can be scored.
    """
    valid_boxes = resolve_valid_boxes(absent, valid_boxes)
    names = [tracker.name for tracker in trackers]
    if len(set(names)) < len(names):
        raise ValueError(f'trackers {names} are not all different; name them with NAME=PATH')
    report: Dict[str, TrackerReport] = {}
    problems: List[ValueError] = []
    for tracker in trackers:
        if on_progress is not None:
            on_progress(tracker.name)
        try:
            report[tracker.name] = _score_tracker(
                ground_truth, tracker, absent, valid_boxes, attributes or {}
            )
        except ValueError as error:
            problems.append(error)
    if problems and (on_problem is None or not report):
        raise problems[0]
    if on_problem is not None:
        for problem in problems:
            on_problem(str(problem))
    return dict(sorted(report.items(), key=lambda item: -item[1].scores.success_auc))


def attribute_scores(
    scores: OPEScores, attributes: Mapping[str, Sequence[str]]
) -> Dict[str, OPEScores]:
    """Average scores over the sequences of each attribute, in order of first occurrence."""
    members: Dict[str, Dict[str, SequenceScores]] = {}
    for sequence, score in scores.per_sequence.items():
        for name in attributes.get(sequence, ()):
            members.setdefault(name, {})[sequence] = score
    return {
        name: mean_scores(subset, scores.absent, scores.valid_boxes)
        for name, subset in members.items()
    }


def sequence_differences(
    report: Report, tracker: str, other: str
) -> List[Tuple[str, float, float, float]]:
    """Compare the success AUC of two trackers on the sequences of both.

    Rows are sequence, both scores, and the first minus the second, the first tracker's greatest
    lead on top. ValueError if a tracker is not in the report.
    """
    for name in (tracker, other):
        if name not in report:
            raise ValueError(f'no tracker {name!r} to compare; there are {list(report)}')
    scores, other_scores = (report[name].scores.per_sequence for name in (tracker, other))
    pairs = [
        (name, scores[name].success_auc, other_scores[name].success_auc)
        for name in scores
        if name in other_scores
    ]
    return sorted(((*pair, pair[1] - pair[2]) for pair in pairs), key=lambda row: -row[3])


def _score_tracker(
    ground_truth: GroundTruth,
    tracker: TrackerFiles,
    absent: str,
    valid_boxes: str,
    attributes: Mapping[str, Sequence[str]],
) -> TrackerReport:
    left_out = dict(ground_truth.left_out)
    warnings = list(tracker.warnings)
    per_sequence: Dict[str, SequenceScores] = {}
    repeated: Dict[str, int] = {}  # rows that repair_result replaces
    for name, truth in ground_truth.boxes.items():
        source = tracker.path_of(name)
        if name not in tracker.files:
            left_out[name] = f'{source} is missing'
            continue
        try:
            boxes = parse_result(tracker.files[name](), source, len(truth))
        except ValueError as error:
            left_out[name] = str(error)
            continue
        if len(boxes) == len(truth) - 1:
            warnings.append(f'{source}: one box short; the last one is repeated')
            boxes = np.concatenate([boxes, boxes[-1:]])
        try:
            per_sequence[name] = sequence_scores(boxes, truth, absent, valid_boxes)
        except ValueError as error:
            left_out[name] = f'{source}: {error}'
            continue
        repeated[name] = int(np.count_nonzero(~valid_frames(boxes, 'sized')[1:]))
    if not per_sequence:
        raise ValueError(
            f'{tracker.name}: no sequence can be scored; the first of {len(left_out)}: '
            f'{next(iter(left_out.values()))}'
        )
    if any(repeated.values()):
        worst = max(repeated, key=repeated.__getitem__)
        warnings.append(
            f'{sum(repeated.values())} rows in {sum(map(bool, repeated.values()))} sequences are '
            'not finite or have no area, and repeat the row before them; '
            f'{repeated[worst]} are in {worst}'
        )
    scores = mean_scores(per_sequence, absent, valid_boxes)
    return TrackerReport(scores, attribute_scores(scores, attributes), left_out, tuple(warnings))
