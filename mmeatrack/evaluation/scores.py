"""Scores of one pass evaluation: of one sequence, and of a benchmark."""

from dataclasses import dataclass
from typing import Dict

import numpy as np


@dataclass(frozen=True)
class SequenceScores:
    """Scores of one sequence, all between 0 and 1.

    Attributes:
        success_auc: Mean of ``success_curve``.
        precision20: Share of frames with a centre error of at most 20 px.
        norm_precision: Share of frames with a normalised centre error of at most 0.2.
        num_frames: Number of frames of the sequence.
        num_absent: Number of frames without a valid ground truth box.
        success_curve: Shape (21,), share of frames with IoU > t for ``SUCCESS_THRESHOLDS``.
        precision_curve: Shape (51,), share of frames within 0, 1 .. 50 px.
        norm_precision_curve: Shape (51,), share of frames within 0, 0.01 .. 0.5.
    """

    success_auc: float
    precision20: float
    norm_precision: float
    num_frames: int
    num_absent: int
    success_curve: np.ndarray
    precision_curve: np.ndarray
    norm_precision_curve: np.ndarray


@dataclass(frozen=True)
class OPEScores:
    """Scores of one tracker on a benchmark: means over sequences, all between 0 and 1.

    Attributes:
        success_auc: Mean over sequences of the area under the success curve.
        precision20: Mean over sequences of the precision at 20 px.
        norm_precision: Mean over sequences of the normalised precision at 0.2.
        success_curve: Shape (21,), mean success curve.
        precision_curve: Shape (51,), mean precision curve.
        norm_precision_curve: Shape (51,), mean normalised precision curve.
        per_sequence: Scores of each sequence by its name.
        absent: The policy for frames without a target.
        valid_boxes: The rule by which a ground truth box counts as a target.
    """

    success_auc: float
    precision20: float
    norm_precision: float
    success_curve: np.ndarray
    precision_curve: np.ndarray
    norm_precision_curve: np.ndarray
    per_sequence: Dict[str, SequenceScores]
    absent: str
    valid_boxes: str
