"""Calibration of a tracker's scores, and rates of its lost signal."""

from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from mmeatrack.evaluation.ope import box_overlaps

RIGHT_IOU = 0.5
"""IoU from which a prediction counts as right."""
WRONG_IOU = 0.1
"""IoU below which a prediction counts as wrong, for the lost signal."""
NOTICED_WITHIN = 15
"""Number of frames within which the lost signal has to notice a wrong box."""


class ReliabilityBin(NamedTuple):
    """Predictions of similar score.

    Attributes:
        score: Their mean score.
        right: Share of them that is right.
        frames: Their number.
    """

    score: float
    right: float
    frames: int


def scored_predictions(
    boxes: Mapping[str, np.ndarray],
    scores: Mapping[str, np.ndarray],
    truths: Mapping[str, np.ndarray],
) -> Tuple[np.ndarray, np.ndarray]:
    """Return the scores (M,) of all frames but the first, and whether each box was right, (M,).

    A frame without a target (NaN) counts as wrong. Boxes and truths (N, 4), x, y, w, h, and
    scores (N,) are given by sequence.
    """
    found = [scores[name][1:] for name in boxes]
    right = [is_right(boxes[name], truths[name])[1:] for name in boxes]
    return np.concatenate(found), np.concatenate(right)


def is_right(boxes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(N,) True where the IoU of two rows of boxes (N, 4) is at least 0.5; False for NaN."""
    return box_overlaps(boxes, truth) >= RIGHT_IOU


def reliability(scores: np.ndarray, right: np.ndarray, bins: int = 10) -> List[ReliabilityBin]:
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


def calibration_summary(scores: np.ndarray, right: np.ndarray) -> Dict[str, Optional[float]]:
    """Summarise the calibration of scores (M,) by whether the predictions were right, (M,).

    Returns:
        ``auroc``: probability that a right prediction has a higher score than a wrong one, ties
        counting half; None where all are right, or all wrong. ``ece``: mean distance between score
        and share of right predictions, over ten bins. ``right``: that share over all ``frames``.
    """
    from sklearn.metrics import roc_auc_score  # takes a second to import

    right = np.asarray(right, dtype=bool)
    bins = reliability(scores, right)
    return dict(
        auroc=None if right.all() or not right.any() else float(roc_auc_score(right, scores)),
        ece=sum(abs(each.score - each.right) * each.frames for each in bins) / len(scores),
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
        lost: Lost signal (N,) by sequence.
        truths: Ground truth (N, 4) by sequence; NaN rows where the target is absent.

    Returns:
        ``right_called_lost``: share of the boxes with an IoU of at least 0.5 that are called lost.
        ``wrong_called_lost``: share of the ``wrong`` boxes, with an IoU below 0.1, that are called
        lost there or in one of the 14 frames after. Both are None without such boxes.
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
