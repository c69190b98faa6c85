"""Whether a tracker's scores say how often it is right."""

from typing import Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from mmeatrack.evaluation.ope import box_overlaps

RIGHT_IOU = 0.5
"""IoU from which a prediction counts as right."""


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
    """Scores of all tracked frames, and whether the prediction was right.

    A frame without a target counts as wrong: no box is right there.

    Args:
        boxes: Predicted boxes (N, 4), x, y, w, h, by sequence; row 0 was given.
        scores: Scores (N,) by sequence.
        truths: Ground truth (N, 4) by sequence; NaN rows where the target is absent.

    Returns:
        (M,) scores and (M,) bool, without the first frames.
    """
    found = [scores[name][1:] for name in boxes]
    right = [is_right(boxes[name], truths[name])[1:] for name in boxes]
    return np.concatenate(found), np.concatenate(right)


def is_right(boxes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(N,) whether IoU of two rows of boxes (N, 4) is 0.5 or more; never for NaN."""
    return box_overlaps(boxes, truth) >= RIGHT_IOU


def reliability(scores: np.ndarray, right: np.ndarray, bins: int = 10) -> Sequence[ReliabilityBin]:
    """Predictions grouped by their score into bins of equal width; empty ones are left out."""
    place = np.minimum((scores * bins).astype(int), bins - 1)
    groups = [place == k for k in range(bins)]
    return [
        ReliabilityBin(float(scores[group].mean()), float(right[group].mean()), int(group.sum()))
        for group in groups
        if group.any()
    ]


def expected_calibration_error(scores: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Mean distance between score and share of right predictions, over the bins' predictions."""
    return sum(
        abs(each.score - each.right) * each.frames for each in reliability(scores, right, bins)
    ) / len(scores)


def auroc(scores: np.ndarray, right: np.ndarray) -> Optional[float]:
    """Chance that a right prediction has a higher score than a wrong one; ties count half.

    None where all are right, or all wrong.
    """
    right = np.asarray(right, dtype=bool)
    positives, negatives = int(right.sum()), int((~right).sum())
    if not positives or not negatives:
        return None
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2  # of each value, from 1
    rank_sum = float(mean_rank[place][right].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def calibration_summary(scores: np.ndarray, right: np.ndarray) -> Dict[str, Optional[float]]:
    """``auroc``, ``ece`` (of 10 bins), ``right`` (share) and ``frames``."""
    return dict(
        auroc=auroc(scores, right),
        ece=expected_calibration_error(scores, right),
        right=float(right.mean()),
        frames=float(len(scores)),
    )
