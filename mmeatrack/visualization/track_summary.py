"""Summary of a recorded tracking as text."""

from typing import List, Optional, Sequence

import numpy as np

from mmeatrack.evaluation import ope_scores
from mmeatrack.visualization.track_recorder import TrackRecorder


def track_summary(recorder: TrackRecorder, seconds: float) -> Optional[str]:
    """Files written, speed, confidence and, with a ground truth, scores, a line each.

    None without a frame; ``seconds`` is the time of all, with reading, drawing and writing.
    """
    count = len(recorder.boxes)
    if not count:
        return None
    lines: List[str] = [
        f'{count} frame{"s" if count > 1 else ""}: {recorder.video_path} and {recorder.text_path}'
    ]
    if count < 2:
        return lines[0]
    # The first frame sets the tracker up.
    lines.append(
        f'{(count - 1) / sum(recorder.seconds[1:]):.1f} frames per second of the tracker, '
        f'{count / seconds:.1f} with reading, drawing and writing; '
        f'mean score {np.mean(recorder.scores[1:]):.3f}'
    )
    lines.append(_lost_line(recorder.lost))
    truth = recorder.recorded_ground_truth()
    if truth is not None:
        lines.append(_score_line(np.array(recorder.boxes), truth))
    return '\n'.join(lines)


def _lost_line(lost: Sequence[bool]) -> str:
    """Count of losses and reacquisitions of the target."""
    changes = np.diff(np.array(lost, dtype=int))
    return (
        f'losses {np.sum(changes > 0)}, found again {np.sum(changes < 0)}; '
        f'target lost in {np.sum(lost)} of {len(lost)} frames'
    )


def _score_line(boxes: np.ndarray, truth: np.ndarray) -> str:
    """Success and precision of boxes (N, 4) in percent."""
    scores = ope_scores([boxes], [truth], absent='miss')
    return (
        f'success {100 * scores.success_auc:.1f}, precision {100 * scores.precision20:.1f}, '
        f'normalised precision {100 * scores.norm_precision:.1f} '
        f'({np.isnan(truth).any(axis=1).sum()} frames without the target count as misses)'
    )
