"""Calibration of a tracker's confidence on sequences with ground truth."""

from pathlib import Path
from typing import Any, Dict, NamedTuple, Tuple

import numpy as np
from tqdm import tqdm

from mmeatrack.apis.inference import track_frames
from mmeatrack.evaluation.calibration import is_right
from mmeatrack.files.frame_sources import open_frames
from mmeatrack.models.wrappers import find_tracker
from mmeatrack.tracking.calibrated_confidence import CueFeatures, fit_confidence


class TrackedCues(NamedTuple):
    """Cues of N tracked frames, without the first frame of each sequence.

    Attributes:
        features: (N, 5), see :class:`CueFeatures`.
        peaks: (N,) peaks of the score map.
        right: (N,) bool, True for an IoU of at least 0.5.
        sequence: (N,) number of the sequence.
    """

    features: np.ndarray
    peaks: np.ndarray
    right: np.ndarray
    sequence: np.ndarray


def track_cues(tracker: Any, data: Path, truths: Dict[str, np.ndarray], title: str) -> TrackedCues:
    """Track sequences and collect their cues.

    Args:
        tracker: From :func:`load_tracker`; an :class:`EATrack`.
        data: Folder of ``<sequence>/img``.
        truths: Ground truth (N, 4) by sequence, x, y, w, h in image px.
        title: Title of the progress bar.
    """
    parts = []
    for number, (name, truth) in enumerate(tqdm(truths.items(), desc=title)):
        extractor, features, peaks, boxes = CueFeatures(), [], [], []
        for result in track_frames(tracker, open_frames(data / name / 'img'), truth[0]):
            boxes.append(result.box_xywh)
            if len(boxes) > 1:
                cues = find_tracker(tracker).state.cues
                features.append(extractor.update(cues))
                peaks.append(cues.peak)
        right = is_right(np.array(boxes), truth[: len(boxes)])[1:]
        parts.append((np.array(features), np.array(peaks), right, np.full(len(peaks), number)))
    return TrackedCues(*map(np.concatenate, zip(*parts)))


def fit_calibration(found: TrackedCues, folds: int) -> Tuple[Dict[str, Any], np.ndarray]:
    """Fit a calibrated confidence to all frames.

    Returns:
        Config of the :class:`CalibratedConfidence`, and cross-validated scores (N,): each is from a
        fit without the sequences of its fold.

    Raises:
        ValueError: If all boxes of a fit are right, or all are wrong.
    """
    features, right, fold = found.features, found.right, found.sequence % folds
    scores = np.empty(len(right))
    for k in range(folds):
        fit = fit_confidence(features[fold != k], right[fold != k])
        scores[fold == k] = 1 / (1 + np.exp(-(features[fold == k] @ fit[:-1] + fit[-1])))
    *weights, bias = (round(float(each), 3) for each in fit_confidence(features, right))
    return dict(type='mmeatrack.CalibratedConfidence', weights=weights, bias=bias), scores
