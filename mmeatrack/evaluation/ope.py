"""One pass evaluation (OPE): success, precision and normalised precision of a tracker.

Plain numpy in float64. Boxes are x, y, w, h in image pixels, one per frame; frame 0 holds the box
that the tracker was given. ``N`` is the number of frames of a sequence.
"""

from dataclasses import dataclass
from typing import Dict, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

BoxSets = Union[Mapping[str, np.ndarray], Sequence[np.ndarray]]

ABSENT_POLICIES = ('miss', 'sglatrack', 'hit', 'exclude')
VALID_BOX_RULES = ('positive', 'sized')

# MATLAB's 0:0.05:1 counts from both ends towards the middle. Its 14th value is 0.6499999999999999,
# that of ``linspace`` is 0.65: an overlap of 13/20 succeeds only at the former.
SUCCESS_THRESHOLDS = np.array([i * 0.05 if i <= 10 else 1 - (20 - i) * 0.05 for i in range(21)])
PRECISION_THRESHOLDS = np.arange(51, dtype=np.float64)  # pixels
NORM_PRECISION_THRESHOLDS = np.arange(51) / 100  # shares of the target's width and height

HEADLINE_SCORES = ('success_auc', 'precision20', 'norm_precision')


@dataclass(frozen=True)
class Curves:
    """Success and precision curves, with the scores read off them; all between 0 and 1.

    Attributes:
        success_curve: Shape (21,), share of frames with IoU > t for ``SUCCESS_THRESHOLDS``.
        precision_curve: Shape (51,), share of frames within 0, 1 .. 50 px.
        norm_precision_curve: Shape (51,), share of frames within 0, 0.01 .. 0.5.
    """

    success_curve: np.ndarray
    precision_curve: np.ndarray
    norm_precision_curve: np.ndarray

    @property
    def success_auc(self) -> float:
        """Area under the success curve: its mean."""
        return float(self.success_curve.mean())

    @property
    def precision20(self) -> float:
        """Precision at 20 px."""
        return float(self.precision_curve[20])

    @property
    def norm_precision(self) -> float:
        """Normalised precision at 0.2."""
        return float(self.norm_precision_curve[20])

    def headline(self) -> Dict[str, float]:
        """Return ``success_auc``, ``precision20`` and ``norm_precision``."""
        return {key: getattr(self, key) for key in HEADLINE_SCORES}


@dataclass(frozen=True)
class SequenceScores(Curves):
    """Scores of one sequence: its curves, the scores read off them, and numbers of frames.

    Attributes:
        num_frames: Number of frames of the sequence.
        num_absent: Number of frames without a valid ground truth box.
    """

    num_frames: int
    num_absent: int


@dataclass(frozen=True)
class OPEScores(Curves):
    """Scores of one tracker on a benchmark: means over sequences, all between 0 and 1.

    Attributes:
        success_curve, precision_curve, norm_precision_curve: Mean curves, (21,), (51,) and (51,).
        success_auc, precision20, norm_precision: Scores read off the mean curves.
        per_sequence: Scores of each sequence by its name.
        absent: Policy for frames without a target.
        valid_boxes: Rule by which a ground truth box counts as a target.
    """

    per_sequence: Dict[str, SequenceScores]
    absent: str
    valid_boxes: str


def ope_scores(
    results: BoxSets,
    ground_truths: BoxSets,
    absent: str = 'miss',
    valid_boxes: Optional[str] = None,
    names: Optional[Sequence[str]] = None,
) -> OPEScores:
    """Score one tracker by one pass evaluation [1].

    Success is IoU > t, strictly, over MATLAB's ``0:0.05:1``. Precision is a centre error <= 20 px.
    Normalised precision divides the centre error by the ground truth's width (in x) and
    height (in y), ``hypot(dx / w, dy / h) <= 0.2`` [3]. Each is averaged over frames, then over
    sequences. Row 0 of a result is replaced by the ground truth; a row that is not finite or has no
    area repeats the row before it.

    Args:
        results: Boxes (N, 4) of each sequence: a mapping by name, or a sequence of arrays.
        ground_truths: Boxes (N, 4) of each sequence, in the same form; NaN rows where the target is
            absent.
        absent: How a frame without a target is scored. ``'miss'``: neither a success nor precise,
            by pixels or normalised, but counted. ``'sglatrack'``: as ``'miss'``, but precise
            by the normalised measure, as in the code of SGLATrack and AVTrack. ``'hit'``: not a
            success but precise, and counted (the OTB [1] and UAV123 [2] toolkits, pysot,
            pytracking, OSTrack, mmtrack). ``'exclude'``: not counted (got10k toolkit [4]).
        valid_boxes: Which ground truth boxes are targets. ``'positive'``: x, y, w and h are all > 0
            (the MATLAB toolkits). ``'sized'``: w and h are > 0, so that a box that touches the left
            or upper border counts (the Python toolkits). Default: ``'positive'`` for
            ``absent='hit'`` and ``'sized'`` otherwise.
        names: Names of the sequences where ``results`` is not a mapping; numbers by default.

    Raises:
        ValueError: If a policy is unknown, the sequences of results and ground truths differ, or a
            sequence cannot be scored (see :func:`sequence_scores`).

    References:
        [1] Wu et al., Online Object Tracking: A Benchmark (OTB), CVPR 2013,
            https://doi.org/10.1109/CVPR.2013.312
        [2] Mueller et al., A Benchmark and Simulator for UAV Tracking (UAV123), ECCV 2016,
            https://doi.org/10.1007/978-3-319-46448-0_27
        [3] Mueller et al., TrackingNet: A Large-Scale Dataset and Benchmark for Object Tracking in
            the Wild, ECCV 2018, https://arxiv.org/abs/1803.10794
        [4] Huang et al., GOT-10k: A Large High-Diversity Benchmark for Generic Object Tracking in
            the Wild, TPAMI 2021, https://arxiv.org/abs/1810.11981

    Example:
        >>> truth = np.array([[10, 10, 8, 8], [12, 10, 8, 8], [np.nan] * 4, [16, 10, 8, 8]])
        >>> boxes = np.array([[10, 10, 8, 8], [12, 10, 8, 8], [14, 10, 8, 8], [90, 90, 8, 8]])
        >>> ope_scores({'car': boxes}, {'car': truth}, absent='miss').precision20
        0.5
        >>> ope_scores({'car': boxes}, {'car': truth}, absent='hit').precision20
        0.75
    """
    valid_boxes = resolve_valid_boxes(absent, valid_boxes)
    named_results, named_truths = _by_name(results, ground_truths, names)
    per_sequence = {}
    for name, truth in named_truths.items():
        try:
            per_sequence[name] = sequence_scores(named_results[name], truth, absent, valid_boxes)
        except ValueError as error:
            raise ValueError(f'sequence {name}: {error}') from error
    return mean_scores(per_sequence, absent, valid_boxes)


def sequence_scores(
    result: np.ndarray, ground_truth: np.ndarray, absent: str, valid_boxes: str
) -> SequenceScores:
    """Score one sequence; the arguments are those of :func:`ope_scores`.

    ValueError if the shapes are wrong, the numbers of boxes differ, the first ground truth box is
    not a target, or no frame is left to score.
    """
    result, truth = _checked_pair(result, ground_truth)
    result = repair_result(result, truth)
    valid = valid_frames(truth, valid_boxes)
    num_frames, num_absent = len(valid), int(np.count_nonzero(~valid))
    if absent == 'exclude':
        result, truth, valid = result[valid], truth[valid], valid[valid]
        if not len(truth):
            raise ValueError(f'no frame has a valid box by the rule {valid_boxes!r}')
    overlap = box_overlaps(result, truth)
    error, norm_error = center_errors(result, truth)
    # Comparisons below must fail (inf, -1) or hold (-1) for an absent frame at every threshold.
    overlap[~valid] = -1
    error[~valid] = -1 if absent == 'hit' else np.inf
    norm_error[~valid] = -1 if absent in ('hit', 'sglatrack') else np.inf
    return SequenceScores(
        (overlap[:, None] > SUCCESS_THRESHOLDS).mean(axis=0),
        (error[:, None] <= PRECISION_THRESHOLDS).mean(axis=0),
        (norm_error[:, None] <= NORM_PRECISION_THRESHOLDS).mean(axis=0),
        num_frames,
        num_absent,
    )


def mean_scores(
    per_sequence: Mapping[str, SequenceScores], absent: str, valid_boxes: str
) -> OPEScores:
    """Average scores over sequences; ValueError if there are none."""
    if not per_sequence:
        raise ValueError('no sequence to score; results and ground truths are empty')
    success, precision, norm_precision = (
        np.mean([getattr(scores, curve) for scores in per_sequence.values()], axis=0)
        for curve in ('success_curve', 'precision_curve', 'norm_precision_curve')
    )
    return OPEScores(success, precision, norm_precision, dict(per_sequence), absent, valid_boxes)


def resolve_valid_boxes(absent: str, valid_boxes: Optional[str] = None) -> str:
    """Resolve the default of ``valid_boxes``; ValueError if it or ``absent`` is unknown."""
    if absent not in ABSENT_POLICIES:
        raise ValueError(f'absent={absent!r} is unknown; choose one of {ABSENT_POLICIES}')
    if valid_boxes is None:
        return 'positive' if absent == 'hit' else 'sized'
    if valid_boxes not in VALID_BOX_RULES:
        raise ValueError(f'valid_boxes={valid_boxes!r} is unknown; choose one of {VALID_BOX_RULES}')
    return valid_boxes


def valid_frames(boxes: np.ndarray, valid_boxes: str) -> np.ndarray:
    """(N,) True for the boxes (N, 4) that are finite and targets by a rule of :func:`ope_scores`.

    Rows of a result that are not ``'sized'`` are replaced, see :func:`repair_result`.
    """
    checked = boxes if valid_boxes == 'positive' else boxes[:, 2:]
    return np.isfinite(boxes).all(axis=1) & (checked > 0).all(axis=1)


def repair_result(result: np.ndarray, ground_truth: np.ndarray) -> np.ndarray:
    """Replace row 0 by the ground truth and each row without a finite, sized box by the one before.

    Both are boxes (N, 4), x, y, w, h, of the same frames; a copy is returned.
    """
    usable = valid_frames(result, 'sized')
    usable[0] = True
    last_usable = np.maximum.accumulate(np.where(usable, np.arange(len(result)), 0))
    repaired = np.concatenate([ground_truth[:1], result[1:]])
    return repaired[last_usable]


def box_overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the IoU (N,) of boxes (N, 4) with others (N, 4), row by row."""
    upper_left = np.maximum(boxes[:, :2], others[:, :2])
    lower_right = np.minimum(boxes[:, :2] + boxes[:, 2:], others[:, :2] + others[:, 2:])
    intersection = np.maximum(lower_right - upper_left, 0).prod(axis=1)
    union = boxes[:, 2:].prod(axis=1) + others[:, 2:].prod(axis=1) - intersection
    overlap = np.divide(intersection, union, out=np.zeros(len(boxes)), where=union > 0)
    # Rounding may lift the overlap of equal boxes over 1, which would be a success at t = 1.
    return np.minimum(overlap, 1)


def center_errors(boxes: np.ndarray, ground_truth: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return the centre errors (N,) of boxes (N, 4) in pixels, and normalised by the ground truth.

    The latter are in shares of its width and height; NaN or inf where it has no size.
    """
    offset = (boxes[:, :2] + boxes[:, 2:] / 2) - (ground_truth[:, :2] + ground_truth[:, 2:] / 2)
    with np.errstate(divide='ignore', invalid='ignore'):
        norm_offset = offset / ground_truth[:, 2:]
    return np.hypot(offset[:, 0], offset[:, 1]), np.hypot(norm_offset[:, 0], norm_offset[:, 1])


def _checked_pair(result: np.ndarray, ground_truth: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return both as float64 (N, 4) or raise ValueError."""
    result = np.asarray(result, dtype=np.float64)
    truth = np.asarray(ground_truth, dtype=np.float64)
    for label, boxes in (('result', result), ('ground truth', truth)):
        if boxes.ndim != 2 or boxes.shape[1] != 4 or not len(boxes):
            raise ValueError(
                f'the {label} has shape {boxes.shape}; expected (frames, 4): x, y, w, h'
            )
    if len(result) != len(truth):
        hint = '; the ground truth has the first box only' if len(truth) == 1 else ''
        raise ValueError(
            f'{len(result)} result boxes for {len(truth)} ground truth boxes{hint}; '
            'both need one box per frame'
        )
    if not valid_frames(truth[:1], 'sized')[0]:
        raise ValueError(
            f'the first ground truth box is {truth[0].tolist()}; '
            'the first frame must show the target, with finite x, y and w, h > 0'
        )
    return result, truth


def _by_name(
    results: BoxSets, ground_truths: BoxSets, names: Optional[Sequence[str]]
) -> Tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]:
    """Return both arguments of :func:`ope_scores` as mappings with the same keys."""
    if not isinstance(results, Mapping) and not isinstance(ground_truths, Mapping):
        labels = [str(i) for i in range(len(ground_truths))] if names is None else list(names)
        if not len(results) == len(ground_truths) == len(set(labels)) == len(labels):
            raise ValueError(
                f'{len(results)} results, {len(ground_truths)} ground truths and '
                f'{len(set(labels))} different names; give one of each for each sequence'
            )
        return dict(zip(labels, results)), dict(zip(labels, ground_truths))
    if not (isinstance(results, Mapping) and isinstance(ground_truths, Mapping)):
        raise ValueError(
            'results and ground_truths must both be mappings by name or both be sequences of arrays'
        )
    differing = sorted(set(results) ^ set(ground_truths))
    if differing:
        raise ValueError(
            f'results and ground truths differ in {len(differing)} sequences '
            f'({", ".join(differing[:5])}); give both for each sequence'
        )
    return results, ground_truths
