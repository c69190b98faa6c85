"""Scoring of raw result files: the report of several trackers on one benchmark."""

from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from mmeatrack.evaluation.ope import (
    SequenceScores,
    mean_scores,
    resolve_valid_boxes,
    sequence_scores,
    usable_rows,
)
from mmeatrack.evaluation.report import Report, TrackerReport, attribute_scores
from mmeatrack.files.ground_truth import GroundTruth
from mmeatrack.files.mat_boxes import parse_result
from mmeatrack.files.result_source import TrackerFiles


class Difference(NamedTuple):
    """The scores of two trackers on one sequence, and the first minus the second."""

    sequence: str
    score: float
    other_score: float
    difference: float


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

    A sequence that cannot be scored is left out of the mean, and the report says which and why.
    A result that is one box short repeats its last box, a row that is no box the row before it; the
    report names both under ``warnings``.

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
        ValueError: If a policy is unknown, two trackers bear the same name, or a tracker has no
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
    for problem in problems:
        assert on_problem is not None
        on_problem(str(problem))
    return dict(sorted(report.items(), key=lambda item: -item[1].scores.success_auc))


def sequence_differences(
    report: Report, tracker: str, other: str, key: str = 'success_auc'
) -> List[Difference]:
    """Compare two trackers by a score, such as ``'precision20'``, on the sequences that both have.

    The greatest lead of the first is on top. ValueError if a tracker is not in the report.
    """
    for name in (tracker, other):
        if name not in report:
            raise ValueError(f'no tracker {name!r} to compare; there are {list(report)}')
    scores, other_scores = (report[name].scores.per_sequence for name in (tracker, other))
    rows = []
    for name in scores:
        if name in other_scores:
            score, other_score = getattr(scores[name], key), getattr(other_scores[name], key)
            rows.append(Difference(name, score, other_score, score - other_score))
    return sorted(rows, key=lambda row: -row.difference)


def _score_tracker(
    ground_truth: GroundTruth,
    tracker: TrackerFiles,
    absent: str,
    valid_boxes: str,
    attributes: Mapping[str, Sequence[str]],
) -> TrackerReport:
    left_out = dict(ground_truth.left_out)
    warnings: List[str] = list(tracker.warnings)
    per_sequence: Dict[str, SequenceScores] = {}
    repeated: Dict[str, int] = {}
    for name, truth in ground_truth.boxes.items():
        source = tracker.path_of(name)
        try:
            if name not in tracker.files:
                raise ValueError(f'{source} is missing')
            boxes = parse_result(tracker.files[name](), source, len(truth))
            if len(boxes) == len(truth) - 1:
                warnings.append(f'{source}: one box short; the last one is repeated')
                boxes = np.concatenate([boxes, boxes[-1:]])
            per_sequence[name] = _scored(boxes, truth, absent, valid_boxes, source)
            repeated[name] = int(np.count_nonzero(~usable_rows(boxes)[1:]))
        except ValueError as error:
            left_out[name] = str(error)
    if not per_sequence:
        raise ValueError(
            f'{tracker.name}: no sequence can be scored; the first of {len(left_out)}: '
            f'{next(iter(left_out.values()))}'
        )
    if any(repeated.values()):
        warnings.append(_repeated_text(repeated))
    scores = mean_scores(per_sequence, absent, valid_boxes)
    return TrackerReport(scores, attribute_scores(scores, attributes), left_out, tuple(warnings))


def _repeated_text(repeated: Mapping[str, int]) -> str:
    """Sentence on rows that :func:`repair_result` replaces, by their number in each sequence."""
    sequences = sum(count > 0 for count in repeated.values())
    worst = max(repeated, key=lambda name: repeated[name])
    return (
        f'{sum(repeated.values())} rows in {sequences} sequences are not finite or have no area, '
        f'and repeat the row before them; {repeated[worst]} are in {worst}'
    )


def _scored(
    boxes: np.ndarray, truth: np.ndarray, absent: str, valid_boxes: str, source: str
) -> SequenceScores:
    """Score one sequence; errors name the result file."""
    try:
        return sequence_scores(boxes, truth, absent, valid_boxes)
    except ValueError as error:
        raise ValueError(f'{source}: {error}') from error
