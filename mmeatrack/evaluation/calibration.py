"""Calibration of a tracker's scores: how often it is right at each score."""

from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from mmeatrack.evaluation.ope import box_overlaps

RIGHT_IOU = 0.5
"""IoU from which a prediction counts as right."""
WRONG_IOU = 0.1
"""IoU below which a prediction counts as wrong, for the lost signal."""
NOTICED_WITHIN = 15
"""Frames within which the lost signal has to notice a wrong box."""


class ReliabilityBin(NamedTuple):
    """Predictions of similar score.

    Attributes:
        score: Their mean score.
        right: Share of them that is right.
        frames: How many there are.
    """

    score: float
    right: float
    frames: int


def scored_predictions(
    boxes: Mapping[str, np.ndarray],
    scores: Mapping[str, np.ndarray],
    truths: Mapping[str, np.ndarray],
) -> Tuple[np.ndarray, np.ndarray]:
    """Scores (M,) of all frames but the first, and whether each prediction was right, bool (M,).

    A frame without a target (NaN) counts as wrong: no box is right there. Boxes and truths (N, 4),
    x, y, w, h, and scores (N,) are given by sequence.
    """
    found = [scores[name][1:] for name in boxes]
    right = [is_right(boxes[name], truths[name])[1:] for name in boxes]
    return np.concatenate(found), np.concatenate(right)


def is_right(boxes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(N,) whether IoU of two rows of boxes (N, 4) is 0.5 or more; never for NaN."""
    return box_overlaps(boxes, truth) >= RIGHT_IOU


def reliability(scores: np.ndarray, right: np.ndarray, bins: int = 10) -> Sequence[ReliabilityBin]:
    """Group predictions by their scores (M,), 0 to 1, into bins of equal width.

    Empty bins are left out; a score at a border belongs to the lower one.
    """
    from sklearn.calibration import calibration_curve  # takes a second to import

    shares, means = calibration_curve(right, scores, n_bins=bins)
    place = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], scores)
    counts = np.bincount(place, minlength=bins)
    return [
        ReliabilityBin(float(mean), float(share), int(count))
        for mean, share, count in zip(means, shares, counts[counts > 0])
    ]


def expected_calibration_error(scores: np.ndarray, right: np.ndarray) -> float:
    """Mean distance between score and share of right predictions, over the bins' predictions."""
    bins = reliability(scores, right)
    return sum(abs(each.score - each.right) * each.frames for each in bins) / len(scores)


def auroc(scores: np.ndarray, right: np.ndarray) -> Optional[float]:
    """Chance that a right prediction has a higher score than a wrong one; ties count half.

    None where all are right, or all wrong.
    """
    from sklearn.metrics import roc_auc_score  # takes a second to import

    right = np.asarray(right, dtype=bool)
    return None if right.all() or not right.any() else float(roc_auc_score(right, scores))


def calibration_summary(scores: np.ndarray, right: np.ndarray) -> Dict[str, Optional[float]]:
    """``auroc``, ``ece`` (of 10 bins), ``right`` (share) and ``frames``."""
    return dict(
        auroc=auroc(scores, right),
        ece=expected_calibration_error(scores, right),
        right=float(right.mean()),
        frames=float(len(scores)),
    )


def lost_rates(
    boxes: Mapping[str, np.ndarray],
    lost: Mapping[str, np.ndarray],
    truths: Mapping[str, np.ndarray],
) -> Dict[str, Optional[float]]:
    """Rates of the lost signal, over all frames but the first that show the target.

    Args:
        boxes: Predicted boxes (N, 4), x, y, w, h, by sequence; row 0 was given.
        lost: Whether the target was called lost, (N,) by sequence.
        truths: Ground truth (N, 4) by sequence; NaN rows where the target is absent.

    Returns:
        ``right_called_lost``: share of boxes of IoU 0.5 or more; ``wrong_called_lost``: share of
        those below 0.1, where it is called lost there or in one of the 14 frames after; None
        without such boxes. ``wrong``: their number.
    """
    right: List[bool] = []
    wrong: List[bool] = []
    for name, found in boxes.items():
        overlap, called = box_overlaps(found, truths[name]), np.asarray(lost[name], dtype=bool)
        overlap[np.isnan(truths[name]).any(axis=1)] = np.nan  # neither right nor wrong
        overlap[0] = np.nan
        right += called[overlap >= RIGHT_IOU].tolist()
        late = np.flatnonzero(overlap < WRONG_IOU)
        wrong += [bool(called[i : i + NOTICED_WITHIN].any()) for i in late]
    return dict(
        right_called_lost=float(np.mean(right)) if right else None,
        wrong_called_lost=float(np.mean(wrong)) if wrong else None,
        wrong=float(len(wrong)),
    )
